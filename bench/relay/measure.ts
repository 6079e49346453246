/** Runs the systems side by side: in each round each of them once, in another order each time. */
import { holdIdle, runLoad } from './load.ts';
import type { FrameClass, Generator, Intensity } from './load.ts';
import { membersOf } from './members.ts';
import { turnOf } from './order.ts';
import { idleRow, rowOf } from './rows.ts';
import type { Row, Run } from './rows.ts';
import { atRate, IDLE, roomRate } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { startServer } from './server-process.ts';
import type { Surroundings } from './server-process.ts';
import type { Servers } from './servers.ts';
import { BASELINE, overTls } from './systems.ts';
import type { System } from './systems.ts';

export interface Bench {
  systems: readonly System[];
  rounds: number;
  /** Rounds at the fixed rate. */
  rate_rounds: number;
  seconds: number;
  /**
   * Whether a further round may begin that may take `round_ms`: a quick run keeps its time also on a busy machine, with
   * fewer rounds. The first round is always measured.
   */
  goesOn: (round_ms: number) => boolean;
  generator: Generator;
  surroundings: Surroundings;
  /** What is being done, for people. */
  progress: (line: string) => void;
}

/** The share of what the baseline can deliver that everything is measured at, at a fixed rate. */
const RATE_SHARE = 0.5;
const IDLE_ROUNDS = 3;
/** Rooms whose clients come and go before memory is looked at. */
const IDLE_FIRST_ROOMS = 100;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What goes through a system in a run. */
export interface Traffic extends Pick<Scenario, 'rooms' | 'members' | 'size'> {
  frame_class?: FrameClass;
}

/** One run of one system. A failure is a result: the others go on. */
export async function run(
  bench: Bench,
  servers: Servers,
  system: System,
  traffic: Traffic,
  intensity: Intensity,
): Promise<Run> {
  try {
    const { server, fresh } = await servers.of(system);
    const place = { system, ready: server.ready, secret: bench.surroundings.secret };
    const members = await membersOf(place, traffic.rooms, traffic.members);
    if (!(await server.quiet())) throw new Error('the server does not come to rest');
    const result = await runLoad(bench.generator, system, server, {
      members,
      size: traffic.size,
      frame_class: traffic.frame_class,
      intensity,
      // A new process has its code compiled first, while it works.
      warm_s: bench.seconds * (fresh ? 1 : 0.3),
      measure_s: bench.seconds,
    });
    return { kind: 'measured', result };
  } catch (error) {
    bench.progress(`${system.name}: ${reasonOf(error)}`);
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

interface Round {
  name: string;
  rounds: number;
  systems: readonly System[];
  intensity: (system: System) => Intensity;
  /** Deliveries a second that the fixed rate asks for. */
  offered: (system: System) => number | null;
}

async function interleaved(
  bench: Bench,
  servers: Servers,
  scenario: Scenario,
  { name, rounds, systems, intensity, offered }: Round,
): Promise<Row[]> {
  const runs = new Map<System, Run[]>(systems.map((system) => [system, []]));
  let round_ms = 0;
  for (let round = 0; round < rounds && (round === 0 || bench.goesOn(round_ms)); round++) {
    const began = performance.now();
    bench.progress(`${name}, round ${round + 1} of ${rounds}`);
    for (const system of turnOf(systems, round)) {
      runs.get(system)!.push(await run(bench, servers, system, scenario, intensity(system)));
    }
    round_ms = performance.now() - began;
  }
  return systems.map((system) => rowOf(system.name, name, runs.get(system)!, offered(system)));
}

/** A row for each system at saturation, and one at half of what the baseline delivers, where that was measured. */
export async function measureScenario(bench: Bench, servers: Servers, scenario: Scenario): Promise<Row[]> {
  const saturated = await interleaved(bench, servers, scenario, {
    name: scenario.name,
    rounds: bench.rounds,
    systems: bench.systems,
    intensity: () => ({ kind: 'saturated', in_flight: scenario.in_flight }),
    offered: () => null,
  });
  if (!scenario.at_rate) return saturated;

  const halfOfBaseline = ({ tls }: System): number => {
    const name = tls ? overTls(BASELINE) : BASELINE;
    const row = saturated.find(({ system }) => system === name);
    return RATE_SHARE * (row?.deliveries_per_s ?? 0);
  };
  const systems = bench.systems.filter((system) => halfOfBaseline(system) > 0);
  if (systems.length === 0) bench.progress(`${scenario.name}: no fixed rate without ${BASELINE}`);
  const at_rate = await interleaved(bench, servers, scenario, {
    name: atRate(scenario.name),
    rounds: systems.length === 0 ? 0 : bench.rate_rounds,
    systems,
    intensity: (system) => ({ kind: 'rate', per_room_s: roomRate(scenario, halfOfBaseline(system)) }),
    offered: halfOfBaseline,
  });
  return [...saturated, ...at_rate];
}

/** Bytes that one of many idle connections adds to the memory of a new server. */
async function idleBytes(bench: Bench, system: System): Promise<number> {
  const server = await startServer(system, bench.surroundings);
  try {
    const place = { system, ready: server.ready, secret: bench.surroundings.secret };
    const quietBytes = async (): Promise<number> => {
      await server.quiet();
      return server.residentBytes();
    };
    // What the first connections bring into memory, such as code, is not what one of many costs.
    const first = await membersOf(place, IDLE_FIRST_ROOMS, IDLE.members);
    await holdIdle(bench.generator, system, server, first, quietBytes);
    const before = await quietBytes();
    const members = await membersOf(place, IDLE.rooms, IDLE.members);
    const after = await holdIdle(bench.generator, system, server, members, quietBytes);
    return (after - before) / members.length;
  } finally {
    await server.stop();
  }
}

/** A row for each system: what an idle connection costs in memory. */
export async function measureIdle(bench: Bench): Promise<Row[]> {
  const rounds = Math.min(bench.rounds, IDLE_ROUNDS);
  const bytes = new Map<System, number[]>(bench.systems.map((system) => [system, []]));
  const failures = new Map<System, string[]>(bench.systems.map((system) => [system, []]));
  for (let round = 0; round < rounds; round++) {
    bench.progress(`${IDLE.name}, round ${round + 1} of ${rounds}`);
    for (const system of turnOf(bench.systems, round)) {
      try {
        bytes.get(system)!.push(await idleBytes(bench, system));
      } catch (error) {
        bench.progress(`${system.name}: ${reasonOf(error)}`);
        failures.get(system)!.push(reasonOf(error));
      }
    }
  }
  return bench.systems.map((system) =>
    idleRow(system.name, IDLE.name, bytes.get(system)!, failures.get(system)!),
  );
}
