/** What one core carries: more and more rooms of a known load, until the server has no more to give. */
import { bestOf, endingOf, isForeign, limitOf, nextRooms, roomsAtLimit } from './capacity-search.ts';
import type { Limit, Step } from './capacity-search.ts';
import { costOf, wireBytes } from './cost.ts';
import type { Cost } from './cost.ts';
import { run } from './measure.ts';
import type { Bench, Traffic } from './measure.ts';
import { waitedUs } from './pressure.ts';
import { rowOf } from './rows.ts';
import type { Row, Run } from './rows.ts';
import type { CapacityLoad } from './scenarios.ts';
import { Servers } from './servers.ts';
import { capacitySystems } from './systems.ts';
import type { System } from './systems.ts';

/** What a row of capacity has besides. Its other figures are those of the most rooms that were carried. */
export interface Capacity {
  rooms: number;
  members: number;
  /** To all clients, 10^6 bit/s, with the headers of WebSocket, TCP and IP: see cost.ts. */
  mbit_out_per_s: number;
  /** Share of its core that the server used. */
  cpu_share: number;
  /**
   * Share of the run in which something waited for a core. A server that other work holds up sends more at once: it then
   * takes less CPU than it would alone.
   */
  waiting_share: number;
  /** What kept it from more. */
  limit: Limit;
  /** Where the generator or other work was the limit of a part of a core: members that take it, if a further room costs what those do. */
  extrapolated_members: number | null;
  /** Of 1,000 members in an hour, by the members that were carried or else extrapolated. */
  cost: Cost;
}

/** Rooms that a server is tried with first. */
const FIRST_ROOMS = 16;
/** Connections that two processes can have with the open files they are allowed. */
const MOST_MEMBERS = 20_000;
/** Bytes of the header of `anteroom.v1`. */
const V1_HEADER = 6;

interface Tried extends Step {
  waiting: number;
  run: Run;
}

/** Bytes of a message of the application in a WebSocket frame: the same for both. */
const framed = ({ size }: CapacityLoad): number => size + V1_HEADER;

const roomDeliveries = ({ members, member_rate }: CapacityLoad): number =>
  members * member_rate * (members - 1);

/** Bytes a second to each member. */
const memberBytes = (load: CapacityLoad): number =>
  (roomDeliveries(load) / load.members) * wireBytes(framed(load));

async function tryRooms(
  bench: Bench,
  servers: Servers,
  system: System,
  load: CapacityLoad,
  rooms: number,
): Promise<Tried> {
  const traffic: Traffic =
    system.protocol === 'v1'
      ? { rooms, members: load.members, size: load.size, frame_class: load.frame_class }
      : { rooms, members: load.members, size: framed(load) };
  const [began, waited] = [performance.now(), waitedUs()];
  const tried = await run(bench, servers, system, traffic, {
    kind: 'rate',
    per_room_s: load.members * load.member_rate,
  });
  const waiting = (waitedUs() - waited) / ((performance.now() - began) * 1_000);
  if (tried.kind === 'failed') return { rooms, cpu: 0, waiting, ending: 'failed', run: tried };
  const { result } = tried;
  const cpu = result.server_cpu_s / result.seconds;
  const observed = {
    cpu,
    p99_us: result.p99_us,
    deliveries_per_s: result.deliveries / result.seconds,
    offered_per_s: rooms * roomDeliveries(load),
    generator_utilisation: result.generator_cpu_s / result.seconds,
    waiting,
  };
  return { rooms, cpu, waiting, ending: endingOf(observed, load), run: tried };
}

/** The row of a search, from all that was tried. */
export function capacityRow(system: string, load: CapacityLoad, steps: readonly Tried[]): Row {
  const best = bestOf(steps);
  if (best === undefined)
    return rowOf(
      system,
      load.name,
      steps.slice(-1).map(({ run: last }) => last),
    );
  const row = rowOf(system, load.name, [best.run], best.rooms * roomDeliveries(load));
  const members = best.rooms * load.members;
  const limit = limitOf(steps, load);
  const extrapolated_members =
    isForeign(limit) && Number.isFinite(load.cpu_limit) ? roomsAtLimit(best, load) * load.members : null;
  const capacity: Capacity = {
    rooms: best.rooms,
    members,
    mbit_out_per_s: ((row.deliveries_per_s ?? 0) * wireBytes(framed(load)) * 8) / 1e6,
    cpu_share: best.cpu,
    waiting_share: best.waiting,
    limit,
    extrapolated_members,
    cost: costOf({ members: extrapolated_members ?? members, bytes_s: memberBytes(load) }),
  };
  return { ...row, capacity };
}

/** A row for each system that is compared. They take turns: each tries its next number of rooms. */
export async function measureCapacity(bench: Bench, load: CapacityLoad): Promise<Row[]> {
  await using servers = new Servers(bench.surroundings);
  const systems = capacitySystems(bench.systems);
  const tried = new Map<System, Tried[]>(systems.map((system) => [system, []]));
  const rule = {
    cpu_limit: load.cpu_limit,
    first: FIRST_ROOMS,
    most: Math.floor(MOST_MEMBERS / load.members),
  };
  for (;;) {
    const due = systems.flatMap((system) => {
      const rooms = nextRooms(tried.get(system)!, rule);
      return rooms === undefined ? [] : [{ system, rooms }];
    });
    if (due.length === 0) break;
    for (const { system, rooms } of due) {
      const step = await tryRooms(bench, servers, system, load, rooms);
      tried.get(system)!.push(step);
      const percent = (step.cpu * 100).toFixed(0);
      bench.progress(`${load.name}, ${system.name}: ${rooms} rooms, ${percent} % of a core, ${step.ending}`);
    }
  }
  return systems.map((system) => capacityRow(system.name, load, tried.get(system)!));
}
