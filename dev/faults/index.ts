/** The faults of a local stack, with the endpoint that controls them. */
import type { AwsCall } from '../aws/errors.ts';
import type { AwsDoublesOptions } from '../aws/server.ts';
import { faultBoard } from './board.ts';
import { startControl, writeControlFile } from './control.ts';
import { ecsFault, type EcsMode, SLOW_MS } from './ecs.ts';
import { type Disturbable, faultTargets } from './targets.ts';

/** The function that sweeps, by its name in serverless.yml. */
const SWEEP = 'update-tasks';

/** What the ECS double is asked before each call. */
export function ecsFaults(): { mode: EcsMode } & Required<
  Pick<AwsDoublesOptions, 'fault' | 'listing' | 'delay' | 'lost' | 'refused'>
> {
  const faults = {
    mode: 'pass' as EcsMode,
    delay: ({ service }: AwsCall) => (faults.mode === 'slow' && service === 'ecs' ? SLOW_MS : 0),
    lost: ({ operation }: AwsCall) => faults.mode === 'lost' && operation === 'RunTask',
    refused: ({ count }: { count: number }) =>
      faults.mode === 'full' ? { count, reason: 'Capacity is unavailable at this time.' } : undefined,
    fault: (call: AwsCall) => ecsFault(faults.mode, call),
    listing: () => (faults.mode === 'half' || faults.mode === 'short' ? faults.mode : undefined),
  };
  return faults;
}

export interface FaultsOptions extends Disturbable {
  /** Of the router. */
  url: string;
  /** Run folder of the stack. */
  folder: string;
  print: (line: string) => void;
}

/** Starts the control endpoint. `lift` ends what would keep the stack from stopping in order. */
export async function startFaults(
  options: FaultsOptions,
): Promise<{ control: string; lift(): Promise<void> }> {
  const { router, network, url, folder, print } = options;
  const board = faultBoard(faultTargets(options), print);
  const control = await startControl(board, () => router.call(SWEEP), print);
  writeControlFile(folder, { url, control: control.url });
  return {
    control: control.url,
    async lift() {
      board.stop();
      await control.stop();
      router.thaw();
      await network?.lift();
    },
  };
}
