/** Creates and joins, with or without a key, and what may be answered to them. */
import { requestKey, type RequestKey } from '../../shared/domain/idempotency.ts';
import { KEY_LIFETIME_MS } from '../../shared/domain/liveness.ts';
import type { Grant } from '../../shared/protocol/api.ts';
import type { Moved } from '../../shared/protocol/control.ts';
import { createRoom } from '../../shared/use-cases/create-room.ts';
import type { Deps } from '../../shared/use-cases/deps.ts';
import { joinRoom } from '../../shared/use-cases/join-room.ts';
import type { Outcome } from '../../shared/use-cases/outcome.ts';
import { Guest } from './guest.ts';
import type { Request } from './request.ts';
import { describeGuest, type Action, type NewGuest } from './script.ts';
import { LIMITS, type Town } from './town.ts';
import { describeWeather, type Weather } from './trouble.ts';
import type { Visits } from './visits.ts';

/** What was asked for. */
interface Asked {
  name: string;
  key: RequestKey | undefined;
  use: (deps: Deps, key: RequestKey | undefined) => Promise<Outcome<Grant>>;
  /** Undefined for a create. */
  room_id: string | undefined;
  /** What the key gives until then. */
  granted: { grant: Grant; until: number } | undefined;
}

export class Requests {
  readonly #town: Town;
  readonly #visits: Visits;
  /** With a key. */
  readonly #asked: Asked[] = [];
  #names = 0;

  constructor(town: Town, visits: Visits) {
    this.#town = town;
    this.#visits = visits;
  }

  create({ max_clients, guest, weather }: Extract<Action, { do: 'create' }>): void {
    const name = `create a room of ${max_clients}`;
    this.#town.tell(`${name}${describeGuest(guest)}${describeWeather(weather)}`);
    const use = (deps: Deps, key: RequestKey | undefined) => createRoom(deps, { max_clients }, key);
    void this.#ask(this.#newAsked(name, guest, use, undefined), guest, weather);
  }

  join({ room, guest, weather }: Extract<Action, { do: 'join' }>): void {
    const { rooms } = this;
    const room_id = rooms.at(room % Math.max(rooms.length, 1)) ?? '0000';
    const name = `join ${room_id}`;
    this.#town.tell(`${name}${describeGuest(guest)}${describeWeather(weather)}`);
    const use = (deps: Deps, key: RequestKey | undefined) => joinRoom(deps, { room_id }, { key });
    void this.#ask(this.#newAsked(name, guest, use, room_id), guest, weather);
  }

  /** The numbers of the rooms that anybody was granted a seat in, the newest first. */
  get rooms(): string[] {
    return [...new Set(this.#town.guests.map(({ grant }) => grant.room_id).toReversed())];
  }

  #newAsked(name: string, { keyed }: NewGuest, use: Asked['use'], room_id: string | undefined): Asked {
    const key = keyed ? requestKey(`key ${this.#asked.length}`.padEnd(22, '.'), name, {}) : undefined;
    const asked: Asked = { name, key, use, room_id, granted: undefined };
    if (keyed) this.#asked.push(asked);
    return asked;
  }

  async #ask(asked: Asked, options: NewGuest, weather: Weather): Promise<void> {
    const town = this.#town;
    const request = town.newRequest(asked.name, weather, LIMITS.client);
    const answer = await town.request(asked.name, (deps) => asked.use(deps, asked.key), { request });
    if (answer.kind !== 'answered') return town.tell(`  ${asked.name}: ${answer.kind}`);
    const kept = answer.value.ok ? answer.value.value.client_id : undefined;
    const others = request.seats.filter((client_id) => client_id !== kept);
    if (asked.key === undefined && !request.unsure && town.monitor.isSeated(others)) {
      town.monitor.fail(`${asked.name} was answered, and a seat that it gave up is still taken`);
    }
    if (answer.value.ok) this.#granted(asked, answer.value.value, options);
    else {
      town.tell(`  ${asked.name}: ${answer.value.refusal.code}`);
      this.#refused(asked, answer.value.refusal.code, request);
    }
  }

  /** Nobody is told "full" or "not found" while there is a place. */
  #refused(asked: Asked, code: string, request: Request): void {
    const { begun } = request;
    const { monitor } = this.#town;
    const { room_id, name } = asked;
    if (code === 'rooms_exhausted' && !monitor.wereRoomsExhausted(begun)) {
      monitor.fail(`${name}: rooms_exhausted, but they never were`);
    }
    if (code === 'room_full' && room_id !== undefined && !monitor.wasFull(room_id, begun)) {
      monitor.fail(`${name}: room_full, but it never was`);
    }
    if (code === 'room_full' && room_id !== undefined) {
      for (const leaked of monitor.leaked(room_id, request)) {
        monitor.fail(`${name}: room_full by the seat of ${leaked}, which the task has given up`);
      }
    }
    if (
      code === 'room_not_found' &&
      room_id !== undefined &&
      // A key may have given a seat of which the answer was lost, in an earlier room of this number.
      asked.key === undefined &&
      !monitor.wasClosed(room_id, request)
    ) {
      monitor.fail(`${name}: room_not_found, but it was there`);
    }
  }

  #granted(asked: Asked, grant: Grant, { follow, loyal }: NewGuest): void {
    const town = this.#town;
    const { now } = town.scheduler;
    const { granted } = asked;
    if (granted !== undefined && now < granted.until) {
      const { room_id, client_id, ticket } = granted.grant;
      if (grant.room_id !== room_id || grant.client_id !== client_id || grant.ticket !== ticket) {
        town.monitor.fail(`${asked.name} was given two seats for one key`);
      }
    }
    if (asked.key !== undefined) asked.granted ??= { grant, until: now + KEY_LIFETIME_MS - LIMITS.client };
    let guest = town.guests.find((one) => one.grant.client_id === grant.client_id);
    if (guest === undefined) {
      const ended = (one: Guest, code: number, url: string) => this.#visits.ended(one, code, url);
      const moved = (one: Guest, to: Moved) => this.#visits.moved(one, to);
      guest = new Guest(`g${++this.#names}`, grant, { loyal, now, ended, moved });
      town.guests.push(guest);
    }
    town.tell(
      `  ${guest.name} is granted a seat in ${grant.room_id}@${grant.epoch} at ${grant.url} (${grant.client_id})`,
    );
    this.#visits.took(guest, grant, follow);
  }

  /** An earlier request with a key, sent again. */
  repeat({ of, guest, weather }: Extract<Action, { do: 'repeat' }>): void {
    const asked = this.#asked.at(-1 - (of % Math.max(this.#asked.length, 1)));
    if (asked === undefined) return;
    this.#town.tell(`again: ${asked.name}${describeGuest(guest)}${describeWeather(weather)}`);
    void this.#ask(asked, guest, weather);
  }
}
