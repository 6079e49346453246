/** What must hold at every step. The first breach of a run ends it. */
import { KEY_LIFETIME_MS } from '../../shared/domain/liveness.ts';
import type { Grant } from '../../shared/protocol/api.ts';
import { leakedSeats, limitBreaches, lossBreaches, moveBreaches, type Watched } from './promises.ts';
import type { RelayProcess } from './relay-process.ts';
import type { Request } from './request.ts';
import type { Rows } from './rows.ts';
import { Timeline } from './timeline.ts';

interface Owner {
  task_id: string;
  url: string;
  created_at: number;
}

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
    const before = this.#before;
    const breaches = [
      ...rows.breaches.map((breach) => `${breach} (after ${request.name})`),
      ...limitBreaches(rows, this.#watched.policy.MAX_ROOMS),
      ...lossBreaches(before, rows, request, this.#watched),
      ...moveBreaches(before, rows, request, this.#watched),
    ];
    for (const breach of breaches) this.fail(breach);
    this.#placements(rows);
    this.#keySeats(rows);
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
        if (process.disowned.has(place))
          this.fail(`${process.task_id} serves ${place} again, which was taken from it`);
        const other = serving.get(place);
        if (other !== undefined) this.fail(`two processes serve ${place}: ${other.url} and ${process.url}`);
        serving.set(place, process);
      }
      this.#strangers(process);
    }
  }

  /** Nobody is in another room than the one that it was granted a seat in, though that has the same number. */
  #strangers(process: RelayProcess): void {
    for (const { name, grant, line } of this.#watched.guests) {
      if (line?.process !== process || line.closed) continue;
      const now = process.registry.roomEpochs().find(({ room_id }) => room_id === grant.room_id);
      const [own, there] = [grant.epoch, now?.epoch].map((epoch) =>
        this.#owners.get(`${grant.room_id}@${epoch}`),
      );
      if (own !== undefined && there !== undefined && own.created_at !== there.created_at) {
        this.fail(`${name} is in a later room of the number ${grant.room_id}`);
      }
    }
  }

  /** A seat was taken for a key. */
  keyGave(key_hash: string, client_id: string, now: number): void {
    const seats = this.#keys.get(key_hash) ?? new Map<string, number>();
    this.#keys.set(key_hash, seats.set(client_id, now));
  }

  /** Whether any of the clients has a seat. */
  isSeated(client_ids: readonly string[]): boolean {
    return this.#before.rooms.some(({ clients }) =>
      clients.some(({ client_id }) => client_ids.includes(client_id)),
    );
  }

  /** Where the room is. */
  placeOf(room_id: string): string | undefined {
    return this.#before.rooms.find(({ room }) => room.room_id === room_id)?.room.url;
  }

  leaked(room_id: string, request: Request): string[] {
    return leakedSeats(this.#before, room_id, request, this.#watched);
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
    if (found.room.state === 'PENDING') return this.#absent.was(room_id, begun);
    const process = processes.find(({ up, url }) => up && url === found.room.url);
    if (process?.well !== true || process.disturbed_at >= begun_at || process.started_at >= begun_at)
      return true;
    return this.#absent.was(room_id, begun);
  }

  hadNoSeat({ client_id }: Pick<Grant, 'client_id'>, since: number): boolean {
    return this.#absent.was(client_id, since);
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

  #note({ rooms }: Rows): void {
    const { step, now: instant } = this.#watched.scheduler;
    const { MAX_ROOMS: max_rooms } = this.#watched.policy;
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
      this.#absent.note(room.room_id, room.state === 'CLOSED' || room.expires_at <= instant, step);
      for (const { client_id } of clients) this.#absent.note(client_id, false, step);
    }
  }
}
