/** What may not become of seats and rooms between two states of the tables. Each breach is a sentence. */
import {
  CLOCK_SKEW_MS,
  REQUEST_LIMIT_MS,
  SETTLED_MS,
  TOKEN_LIFETIME_S,
} from '../../shared/domain/liveness.ts';
import { isLive, type ClientRecord, type RoomRecord } from '../../shared/domain/room.ts';
import type { Policy } from '../../shared/use-cases/deps.ts';
import type { Guest } from './guest.ts';
import type { FleetState } from './network.ts';
import type { RelayProcess } from './relay-process.ts';
import type { Request } from './request.ts';
import type { Rows } from './rows.ts';
import type { Scheduler } from './scheduler.ts';

export interface Watched {
  scheduler: Scheduler;
  policy: Pick<Policy, 'MAX_ROOMS' | 'CONNECT_TIMEOUT'>;
  processes: readonly RelayProcess[];
  guests: readonly Guest[];
  fleet: FleetState;
  /** When a task last called to have a client removed. */
  removals: ReadonlyMap<string, number>;
}

/** What was wrong with a task may show for so long. */
const AFTERMATH_MS = TOKEN_LIFETIME_S * 1_000;

const duplicates = (values: readonly string[]) => values.filter((value, at) => values.indexOf(value) !== at);

export function limitBreaches({ rooms, tasks, placed }: Rows, max_rooms: number): string[] {
  const breaches: string[] = [];
  if (rooms.length > max_rooms) breaches.push(`${rooms.length} rooms of ${max_rooms}`);
  for (const { room, clients } of rooms) {
    if (Math.max(room.clients, clients.length) > room.max_clients) {
      breaches.push(`room ${room.room_id} has ${clients.length} clients of ${room.max_clients}`);
    }
  }
  for (const { task_id, room_capacity, rooms: counted } of tasks) {
    const held = placed.filter((row) => row.task_id === task_id).length;
    if (Math.max(held, counted) > room_capacity) {
      breaches.push(`task ${task_id} has ${held} rooms (counts ${counted}) of ${room_capacity}`);
    }
  }
  const seats = rooms.flatMap(({ clients }) => clients.map(({ client_id }) => client_id));
  for (const client_id of duplicates(seats)) breaches.push(`client ${client_id} has two seats`);
  return breaches;
}

/** The room of `rows` that is `room` still. */
const sameRoom = (rows: Rows, room: RoomRecord) =>
  rows.rooms.find(({ room: now }) => now.room_id === room.room_id && now.created_at === room.created_at);

/** The process that serves the room at this very epoch, if nothing is wrong with it. */
function servingNow({ processes }: Watched, room: RoomRecord): RelayProcess | undefined {
  const isIt = (one: { room_id: string; epoch: number }) =>
    one.room_id === room.room_id && one.epoch === room.epoch;
  return processes.find(
    (process) => process.well && process.url === room.url && process.registry.roomEpochs().some(isIt),
  );
}

/** Until when the seat of a client that is not connected has been promised to it. */
function promisedUntil(
  { processes, scheduler, policy }: Watched,
  guest: Guest,
  { epoch, placed_at }: RoomRecord,
): number {
  // A task counts by its own clock: what the router promised ends earlier there by as much as that is ahead.
  const ahead = Math.max(0, ...processes.map((process) => process.now() - scheduler.now));
  // A grant that was on its way while the room moved: the seat counts from the move.
  const moved = guest.grant.epoch === epoch ? 0 : REQUEST_LIMIT_MS;
  // Who waits has to ask every few seconds: once there is a place, the seat is kept as a new one is.
  const placed = guest.grant.state === 'pending' && guest.grant.epoch !== epoch;
  const until = placed
    ? Math.min(guest.grant.expires_at, placed_at + policy.CONNECT_TIMEOUT)
    : guest.grant.expires_at;
  return Math.max(guest.kept_until, guest.used ? 0 : until - moved) - ahead;
}

/** Nobody who is connected to a healthy task loses its seat, nor who may still connect or come back in time. */
export function lossBreaches(before: Rows, rows: Rows, request: Request, watched: Watched): string[] {
  const { scheduler, guests } = watched;
  const breaches: string[] = [];
  const lose = (room: RoomRecord, client: ClientRecord, open: boolean) => {
    const guest = guests.find((one) => one.grant.client_id === client.client_id);
    if (guest === undefined || guest.over) return;
    const what = `${open ? `${guest.name} lost its seat` : `the room of ${guest.name} was closed`} in ${room.room_id} by ${request.name}`;
    const process = servingNow(watched, room);
    const blamed =
      process !== undefined &&
      (request.disturbed.has(process.task_id) || process.disturbed_at >= request.begun_at);
    if (process !== undefined && !blamed && guest.isConnectedTo(process)) {
      breaches.push(`${what}, while it is connected to ${process.task_id}`);
    }
    if (guest.line !== undefined || !isLive(client, scheduler.now)) return;
    // Nobody resumes an expired room whose task is gone.
    if (process === undefined && room.expires_at <= scheduler.now) return;
    const until = promisedUntil(watched, guest, room);
    if (scheduler.now < until) breaches.push(`${what}, ${until - scheduler.now} ms early`);
  };
  for (const { room, clients } of before.rooms) {
    if (room.state === 'CLOSED') continue;
    const now = sameRoom(rows, room);
    const open = now !== undefined && now.room.state !== 'CLOSED';
    for (const client of clients) {
      const seated = open && now.clients.some(({ client_id }) => client_id === client.client_id);
      if (!seated) lose(room, client, open);
    }
  }
  return breaches;
}

/** No room is taken from a task that nothing has been wrong with for a while. */
export function moveBreaches(before: Rows, rows: Rows, request: Request, watched: Watched): string[] {
  const { scheduler, fleet } = watched;
  return before.rooms.flatMap(({ room }) => {
    const now = sameRoom(rows, room);
    if (now === undefined || now.room.epoch === room.epoch) return [];
    const there = watched.processes.find(({ up, url }) => up && url === room.url);
    const listed = fleet.tasks.get(`arn:${there?.task_id}`);
    const asked =
      there?.answers === true &&
      there.task_id === room.task_id &&
      there.disturbed_at < request.begun_at &&
      !request.disturbed.has(room.task_id);
    // The sweep asks the task itself, whatever its lease says.
    if (
      asked &&
      request.name === 'sweep' &&
      listed !== 'stopped' &&
      scheduler.now - there.born > AFTERMATH_MS
    ) {
      return [`room ${room.room_id} was taken from ${room.task_id} by the sweep, which it answers`];
    }
    const process = servingNow(watched, room);
    if (process === undefined || scheduler.now - process.disturbed_at < AFTERMATH_MS) return [];
    if (process.draining || fleet.tasks.get(`arn:${process.task_id}`) !== 'running') return [];
    return [`room ${room.room_id} was taken from ${process.task_id} by ${request.name} for nothing`];
  });
}

/** Seats of a full room that its task, which is well, has given up long ago. */
export function leakedSeats(rows: Rows, room_id: string, request: Request, watched: Watched): string[] {
  const { scheduler, removals } = watched;
  const settled = request.begun_at - SETTLED_MS - 2 * CLOCK_SKEW_MS;
  const found = rows.rooms.find(({ room }) => room.room_id === room_id);
  const process = found && servingNow(watched, found.room);
  if (found === undefined || process === undefined || request.unsure) return [];
  if (scheduler.now - process.disturbed_at < AFTERMATH_MS || found.room.placed_at > settled) return [];
  const heard = Math.max(found.room.placed_at, process.started_at) + 2 * CLOCK_SKEW_MS;
  const held = new Set(process.registry.snapshot(room_id)[0]?.clients.map(({ client_id }) => client_id));
  return (
    found.clients
      .filter(({ client_id, updated_at }) => updated_at <= settled && !held.has(client_id))
      // A seat that the process may never have heard of is in doubt, and still taken.
      .filter(
        (client) =>
          !isLive(client, request.begun_at) || (client.status === 'CONNECTED' && client.updated_at > heard),
      )
      .filter(({ client_id }) => scheduler.now - (removals.get(client_id) ?? 0) > AFTERMATH_MS)
      .map(({ client_id }) => client_id)
  );
}
