/** Events that EventBridge sends: schedules, and the changes of tasks that ECS reports. */
import { randomUUID } from 'node:crypto';
import { ACCOUNT } from '../aws/local-task.ts';

export interface BusEvent {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  /** ISO 8601, whole seconds. */
  time: string;
  region: string;
  resources: string[];
  detail: Readonly<Record<string, unknown>>;
}

/** For each field a list of values, or a pattern of its own. */
export interface EventPattern {
  [field: string]: unknown;
}

/** An event with the fields that every event has. Source: EventBridge user guide, "Event structure". */
export function busEvent(
  region: string,
  event: Pick<BusEvent, 'detail-type' | 'source' | 'resources' | 'detail'>,
): BusEvent {
  const time = `${new Date().toISOString().slice(0, 19)}Z`;
  return { version: '0', id: randomUUID(), account: ACCOUNT, time, region, ...event };
}

/**
 * Whether `event` has, for each field of `pattern`, one of the values listed there. Source: EventBridge user guide,
 * "Event patterns". A value that is not a plain one (a function of CloudFormation, known only when deployed) is taken
 * to match.
 */
export function matches(pattern: EventPattern, event: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(pattern).every(([field, wanted]) => {
    const actual = event[field];
    if (Array.isArray(wanted)) {
      return wanted.some((value) => value === actual || (typeof value === 'object' && value !== null));
    }
    return (
      typeof actual === 'object' &&
      actual !== null &&
      matches(wanted as EventPattern, actual as Record<string, unknown>)
    );
  });
}
