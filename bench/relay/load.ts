/** Runs the load generator (bench/relay/load) against a server. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LoadProgram } from './build-load.ts';
import { hasEnded, lastWords, startChild, stopChild } from './child.ts';
import type { ServerProcess } from './server-process.ts';
import type { System } from './systems.ts';

export interface Generator {
  program: LoadProgram;
  /** Words before its command, which put it on its core. */
  pin: readonly string[];
  /** A folder that the command removes in the end. */
  folder: string;
}

/** How much is sent: so many messages of each room under way at once, or so many a second. */
export type Intensity = { kind: 'saturated'; in_flight: number } | { kind: 'rate'; per_room_s: number };

/** What `v1` says of its frames: poses and video may be left out for a slow receiver, messages may not. */
export type FrameClass = 'msg' | 'pose' | 'video';

export interface LoadPlan {
  /** A line for each connection: see members.ts. */
  members: readonly string[];
  /** Bytes of a message. */
  size: number;
  /** Class of the frames of `anteroom.v1`. Others have none; the generator takes `msg` by itself. */
  frame_class?: FrameClass | undefined;
  intensity: Intensity;
  warm_s: number;
  measure_s: number;
}

/** What the generator says in the end. Everything is of the measured span, but for `errors`. */
export interface LoadResult {
  deliveries: number;
  messages_sent: number;
  seconds: number;
  server_cpu_s: number;
  generator_cpu_s: number;
  p50_us: number;
  p99_us: number;
  p999_us: number;
  max_us: number;
  errors: Record<string, number>;
  first_error: string | null;
}

/** Connecting, and closing, take as long at most besides what was asked for. */
const SLACK_S = 30;
/** Idle connections stay no longer than that: as long as it takes to measure them. */
const HOLD_S = 60;

const flags = (values: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);

function isResult(value: unknown): value is LoadResult {
  if (typeof value !== 'object' || value === null) return false;
  const result = value as Record<string, unknown>;
  const numbers = ['deliveries', 'seconds', 'server_cpu_s', 'generator_cpu_s', 'p50_us', 'p99_us', 'p999_us'];
  return numbers.every((name) => typeof result[name] === 'number') && typeof result['errors'] === 'object';
}

/** All that was not as it must be: lost, twice, out of order, changed, of another room, closed. */
export function errorsOf({ errors }: Pick<LoadResult, 'errors'>): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

interface Started {
  child: ReturnType<typeof startChild>;
  lines: AsyncIterator<string>;
  said: () => string;
  /** Ends it, and removes its list. */
  end(): Promise<void>;
}

function start(
  { program, pin, folder }: Generator,
  system: System,
  server: ServerProcess,
  members: readonly string[],
  args: readonly string[],
): Started {
  const own = mkdtempSync(join(folder, 'load-'));
  const list = join(own, 'members');
  writeFileSync(list, `${members.join('\n')}\n`);
  const common = flags({
    host: '127.0.0.1',
    port: server.ready.port,
    protocol: system.protocol,
    members: list,
  });
  const command = [...pin, program.path, ...common, ...(system.tls ? ['--tls'] : []), ...args];
  const child = startChild(command, { stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    child,
    lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator](),
    said: lastWords(child),
    async end() {
      await stopChild(child);
      rmSync(own, { recursive: true, force: true });
    },
  };
}

/** Reads what the generator says until `wanted` takes a line. Rejects if it ends, or does not say it in `limit_s`. */
async function waitFor<T>(
  { child, lines, said }: Started,
  limit_s: number,
  wanted: (line: string) => T | undefined,
): Promise<T> {
  const cut = setTimeout(() => child.kill('SIGKILL'), limit_s * 1_000);
  try {
    for (;;) {
      const { done, value } = await lines.next();
      if (done === true) break;
      const found = wanted(value);
      if (found !== undefined) return found;
    }
  } finally {
    clearTimeout(cut);
  }
  if (!hasEnded(child)) await once(child, 'exit');
  throw new Error(`The load generator ended with ${child.exitCode ?? child.signalCode}. ${said()}`);
}

/** One run. */
export async function runLoad(
  generator: Generator,
  system: System,
  server: ServerProcess,
  plan: LoadPlan,
): Promise<LoadResult> {
  const { intensity } = plan;
  const started = start(generator, system, server, plan.members, [
    ...flags({ size: plan.size, warm: plan.warm_s, measure: plan.measure_s, 'server-pid': server.pid }),
    ...(intensity.kind === 'saturated'
      ? flags({ 'in-flight': intensity.in_flight })
      : flags({ rate: intensity.per_room_s })),
    ...(plan.frame_class === undefined ? [] : flags({ class: plan.frame_class })),
  ]);
  try {
    return await waitFor(started, plan.warm_s + plan.measure_s + SLACK_S, (line) => {
      if (!line.startsWith('{')) return undefined;
      const result: unknown = JSON.parse(line);
      if (!isResult(result)) throw new Error(`The load generator said ${line}`);
      return result;
    });
  } finally {
    await started.end();
  }
}

/** Connections that only stay, while `during` runs. */
export async function holdIdle<T>(
  generator: Generator,
  system: System,
  server: ServerProcess,
  members: readonly string[],
  during: () => Promise<T>,
): Promise<T> {
  const args = flags({ size: 100, 'in-flight': 1, warm: 0, measure: 1, idle: HOLD_S });
  const started = start(generator, system, server, members, args);
  try {
    await waitFor(started, 2 * SLACK_S, (line) => (line === 'idle' ? true : undefined));
    const result = await during();
    if (hasEnded(started.child)) throw new Error(`The load generator ended too early. ${started.said()}`);
    return result;
  } finally {
    await started.end();
  }
}
