import { ACCOUNT } from '../aws/local-task.ts';
import { type BusEvent, busEvent } from './events.ts';
import type { Manifest } from './manifest.ts';

/** The event with which a scheduled rule calls the function `name`. */
export function scheduledEvent(name: string, region: string): BusEvent {
  const resources = [`arn:aws:events:${region}:${ACCOUNT}:rule/${name}`];
  return busEvent(region, { 'detail-type': 'Scheduled Event', source: 'aws.events', resources, detail: {} });
}

/**
 * Calls each function at its interval, the first time after one interval, with the event of a scheduled rule (EventBridge
 * user guide, "Scheduled events"). Returns what ends that.
 */
export function startSchedules(
  schedules: Manifest['schedules'],
  region: string,
  call: (name: string, event: BusEvent) => void,
): () => void {
  const timers = schedules.map(({ function: name, every_ms }) =>
    setInterval(() => call(name, scheduledEvent(name, region)), every_ms).unref(),
  );
  return () => timers.forEach((timer) => clearInterval(timer));
}
