/** What must hold at every step. The first breach of a run ends it. */
import { KEY_LIFETIME_MS } from '../../shared/domain/liveness.ts';
import type { Grant } from '../../shared/protocol/api.ts';
import type { Guest } from './guest.ts';
import type { RelayProcess } from './relay-process.ts';
import type { Request } from './request.ts';
import type { Rows } from './rows.ts';
import type { Scheduler } from './scheduler.ts';
import { Timeline } from './timeline.ts';

interface Watched {
  scheduler: Scheduler;
  max_rooms: number;
  processes: readonly RelayProcess[];
  guests: readonly Guest[];
}

interface Owner {
  task_id: string;
  url: string;
  created_at: number;
}

const duplicates = (values: readonly string[]) => values.filter((value, at) => values.indexOf(value) !== at);

export class Monitor {
  breach: string | undefined;
  readonly #watched: Watched;
  /** Rooms that are full; all rooms. */
  readonly #full = new Timeline(false);
  /** Numbers without an open room, and clients without a seat. */
  readonly #absent = new Timeline(true);
  /** By `room@epoch`: where the rows said that it is. */
  readonly #owners = new Map<string, Owner>();
  /** By room: the highest epoch that any room of this number had. */
  readonly #epochs = new Map<string, number>();
  /** By the hash of a key: the clients that were given a seat for it, and when. */
  readonly #keys = new Map<string, Map<string, number>>();
  #before: Rows = { tasks: [], placed: [], rooms: [], breaches: [] };

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  fail(breach: string): void {
    this.breach ??= breach;
  }

  /** After a write of `request`: what the tables hold now. */
  observe(rows: Rows, request: Request): void {
    for (const breach of rows.breaches) this.fail(`${breach} (after ${request.name})`);
    this.#limits(rows);
    this.#placements(rows);
    this.#keySeats(rows);
    this.#losses(rows, request);
    this.#note(rows);
    this.#before = rows;
    this.acted();
  }

  /** After a process has done something: what it serves is its own. */
  acted(): void {
    const serving = new Map<string, RelayProcess>();
    for (const process of this.#watched.processes) {
      if (!process.up) continue;
      for (const { room_id, epoch } of process.registry.roomEpochs()) {
        const place = `${room_id}@${epoch}`;
        const owner = this.#owners.get(place);
        if (owner?.task_id !== process.task_id || owner.url !== process.url) {
          this.fail(
            `${process.task_id} at ${process.url} serves ${place}, which is of ${owner?.task_id} at ${owner?.url}`,
          );
        }
        const other = serving.get(place);
        if (other !== undefined) this.fail(`two processes serve ${place}: ${other.url} and ${process.url}`);
        serving.set(place, process);
      }
    }
  }

  /** A seat was taken for a key. */
  keyGave(key_hash: string, client_id: string, now: number): void {
    const seats = this.#keys.get(key_hash) ?? new Map<string, number>();
    this.#keys.set(key_hash, seats.set(client_id, now));
  }

  // ── what was so at some instant since the step `since` ──

  wasFull(room_id: string, since: number): boolean {
    return this.#full.was(room_id, since);
  }

  wereRoomsExhausted(since: number): boolean {
    return this.#full.was('all', since);
  }

  /**
   * Whether there was no open room of this number; or its task was not well, and who joins first may find that nobody is
   * left in it.
   */
  wasClosed(room_id: string, { begun, begun_at }: Request): boolean {
    const { scheduler, processes } = this.#watched;
    const found = this.#before.rooms.find(({ room }) => room.room_id === room_id);
    if (found === undefined || found.room.expires_at <= scheduler.now) return true;
    const process = processes.find(({ up, url }) => up && url === found.room.url);
    if (process?.well !== true || process.disturbed_at >= begun_at || process.started_at >= begun_at)
      return true;
    return this.#absent.was(room_id, begun);
  }

  hadNoSeat({ client_id }: Pick<Grant, 'client_id'>, since: number): boolean {
    return this.#absent.was(client_id, since);
  }

  #limits({ rooms, tasks, placed }: Rows): void {
    const { max_rooms } = this.#watched;
    if (rooms.length > max_rooms) this.fail(`${rooms.length} rooms of ${max_rooms}`);
    for (const { room, clients } of rooms) {
      if (Math.max(room.clients, clients.length) > room.max_clients) {
        this.fail(`room ${room.room_id} has ${clients.length} clients of ${room.max_clients}`);
      }
    }
    for (const { task_id, room_capacity, rooms: counted } of tasks) {
      const held = placed.filter((row) => row.task_id === task_id).length;
      if (Math.max(held, counted) > room_capacity) {
        this.fail(`task ${task_id} has ${held} rooms (counts ${counted}) of ${room_capacity}`);
      }
    }
    const seats = rooms.flatMap(({ clients }) => clients.map(({ client_id }) => client_id));
    for (const client_id of duplicates(seats)) this.fail(`client ${client_id} has two seats`);
  }

  #placements({ rooms }: Rows): void {
    for (const { room } of rooms) {
      const { room_id, epoch, task_id, url, created_at } = room;
      const place = `${room_id}@${epoch}`;
      const owner = this.#owners.get(place);
      if (owner === undefined) {
        const highest = this.#epochs.get(room_id) ?? 0;
        if (epoch <= highest) this.fail(`room ${place} is placed after ${room_id}@${highest}`);
        this.#epochs.set(room_id, epoch);
        this.#owners.set(place, { task_id, url, created_at });
      } else if (owner.task_id !== task_id || owner.url !== url || owner.created_at !== created_at) {
        this.fail(`${place} was placed twice: on ${owner.task_id} and on ${task_id}`);
      }
    }
  }

  #keySeats({ rooms }: Rows): void {
    const seated = new Set(rooms.flatMap(({ clients }) => clients.map(({ client_id }) => client_id)));
    for (const given of this.#keys.values()) {
      const live = [...given].filter(([client_id]) => seated.has(client_id));
      for (const [first, then] of live) {
        // A key that has expired gives another seat.
        const other = live.find(
          ([second, later]) => second !== first && Math.abs(later - then) < KEY_LIFETIME_MS,
        );
        if (other !== undefined) this.fail(`one key has the seats ${first} and ${other[0]}`);
      }
    }
  }

  /** Nobody who is connected to a healthy task loses a seat. */
  #losses(rows: Rows, request: Request): void {
    for (const { room, clients } of this.#before.rooms) {
      const now = rows.rooms.find((other) => other.room.room_id === room.room_id);
      const same = now?.room.created_at === room.created_at && now.room.state === 'OPEN';
      const process = this.#servingNow(room);
      if (process === undefined || request.disturbed.has(process.task_id)) continue;
      for (const { client_id } of clients) {
        if (same && now.clients.some((one) => one.client_id === client_id)) continue;
        const guest = this.#watched.guests.find((one) => one.grant.client_id === client_id);
        if (guest?.isConnectedTo(process) === true) {
          const lost = same ? `${guest.name} lost its seat` : `the room of ${guest.name} was closed`;
          this.fail(
            `${lost} in ${room.room_id} by ${request.name}, while it is connected to ${process.task_id}`,
          );
        }
      }
    }
  }

  /** The process that serves the room at this very epoch, if nothing is wrong with it. */
  #servingNow(room: { room_id: string; epoch: number; url: string }): RelayProcess | undefined {
    return this.#watched.processes.find(
      (process) =>
        process.well &&
        process.url === room.url &&
        process.registry
          .roomEpochs()
          .some(({ room_id, epoch }) => room_id === room.room_id && epoch === room.epoch),
    );
  }

  #note({ rooms }: Rows): void {
    const { scheduler, max_rooms } = this.#watched;
    const { step, now: instant } = scheduler;
    this.#full.note('all', rooms.length >= max_rooms, step);
    for (const { room, clients } of this.#before.rooms) {
      const now = rooms.find((other) => other.room.room_id === room.room_id);
      if (now === undefined) this.#full.note(room.room_id, false, step);
      const gone = now?.room.created_at !== room.created_at || room.expires_at <= instant;
      this.#absent.note(room.room_id, gone, step);
      for (const { client_id } of clients) {
        this.#absent.note(client_id, now?.clients.some((one) => one.client_id === client_id) !== true, step);
      }
    }
    for (const { room, clients } of rooms) {
      this.#full.note(room.room_id, room.clients >= room.max_clients, step);
      this.#absent.note(room.room_id, room.state !== 'OPEN' || room.expires_at <= instant, step);
      for (const { client_id } of clients) this.#absent.note(client_id, false, step);
    }
  }
}
