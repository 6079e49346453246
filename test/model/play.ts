/** Plays a script in a town. */
import { requestKey, type RequestKey } from '../../shared/domain/idempotency.ts';
import { KEY_LIFETIME_MS } from '../../shared/domain/liveness.ts';
import type { CreateRoomRequest, Grant } from '../../shared/protocol/api.ts';
import { createRoom } from '../../shared/use-cases/create-room.ts';
import type { Deps } from '../../shared/use-cases/deps.ts';
import { joinRoom } from '../../shared/use-cases/join-room.ts';
import type { Outcome } from '../../shared/use-cases/outcome.ts';
import { resumeClient } from '../../shared/use-cases/resume-client.ts';
import { updateTasks } from '../../shared/use-cases/update-tasks.ts';
import { Guest } from './guest.ts';
import type { RelayProcess } from './relay-process.ts';
import type { Request } from './request.ts';
import type { Action, NewGuest, Opening, Script } from './script.ts';
import { LIMITS, type Town } from './town.ts';
import { describeWeather, FAIR, type Weather } from './trouble.ts';

/** A client comes back by itself so often … */
const MOST_RETURNS = 4;
/** … and tries again so long after a refusal, ms. */
const RETRY_MS = 2_000;
/** A client takes a connection on which nothing comes for dead after so long, ms. */
const SILENCE_MS = 12_000;

/** What was asked for with a key. */
interface Asked {
  name: string;
  key: RequestKey;
  use: (deps: Deps, key: RequestKey | undefined) => Promise<Outcome<Grant>>;
  room_id: string | undefined;
  granted: { grant: Grant; until: number } | undefined;
}

export class Play {
  readonly #town: Town;
  readonly #asked: Asked[] = [];
  #tasks = 0;
  #names = 0;

  constructor(town: Town) {
    this.#town = town;
  }

  async run(script: Script): Promise<void> {
    const { scheduler, monitor } = this.#town;
    for (const capacity of script.capacities) this.#town.start(this.#newTask(), capacity);
    await scheduler.advance(1_000);
    await this.#open(script.opening);
    for (const { wait, action } of script.steps) {
      await scheduler.advance(wait);
      if (monitor.breach !== undefined) return;
      this.#act(action);
    }
  }

  /** A spare task that has room for everybody. */
  startSpare(): void {
    this.#town.start(this.#newTask(), 100);
  }

  sweep(weather: Weather = FAIR) {
    return this.#town.request('sweep', updateTasks, { weather, limit: LIMITS.sweep });
  }

  /** Rooms with connected clients, come about without any trouble. */
  async #open({ rooms, age }: Opening): Promise<void> {
    const town = this.#town;
    town.calm = true;
    const guest: NewGuest = { follow: 0, loyal: false, keyed: false };
    for (const clients of rooms) {
      const action = { guest: { ...guest, loyal: clients !== 2 }, weather: FAIR };
      const before = town.guests.length;
      this.#create({ do: 'create', max_clients: 3, ...action });
      await town.scheduler.advance(10);
      if (town.guests.length === before) continue;
      for (let more = 1; more < clients; more++) this.#join({ do: 'join', room: 0, ...action });
      await town.scheduler.advance(10);
    }
    town.calm = false;
    await town.scheduler.advance(age);
  }

  #act(action: Action): void {
    const { fleet, scheduler } = this.#town;
    switch (action.do) {
      case 'create':
        return this.#create(action);
      case 'join':
        return this.#join(action);
      case 'repeat': {
        const asked = this.#asked.at(-1 - (action.of % Math.max(this.#asked.length, 1)));
        if (asked === undefined) return;
        this.#say(`again: ${asked.name}`, action.weather, action.guest);
        void this.#ask(asked, action.guest, action.weather);
        return;
      }
      case 'resume': {
        const guest = this.#guest(action.who, (one) => !one.over);
        if (guest === undefined) return;
        this.#say(`${guest.name} resumes${follows(action.follow)}`, action.weather);
        void this.#resume(guest, action.follow, action.weather);
        return;
      }
      case 'connect': {
        // Also one that has left: its ticket was good once.
        const guest = this.#guest(action.who, () => true);
        if (guest !== undefined) this.#connect(guest);
        return;
      }
      case 'break': {
        const guest = this.#guest(action.who, (one) => one.line !== undefined);
        if (guest !== undefined) this.#break(guest);
        return;
      }
      case 'leave': {
        const guest = this.#guest(action.who, (one) => one.line !== undefined);
        if (guest === undefined) return;
        this.#say(`${guest.name} leaves`);
        guest.leave();
        return;
      }
      case 'sweep':
        this.#say('sweep', action.weather);
        void this.sweep(action.weather);
        return;
      case 'start':
        this.#town.start(this.#newTask(), action.room_capacity);
        this.#say(`task t${this.#tasks} of ${action.room_capacity} rooms starts`);
        return;
      case 'fleet':
        this.#say(`the fleet's API fails for ${action.ms} ms`);
        fleet.fails = true;
        scheduler.after(action.ms, () => {
          fleet.fails = false;
        });
        return;
      default:
        this.#actOnTask(action);
    }
  }

  #actOnTask(action: Extract<Action, { task: number }>): void {
    const { fleet, scheduler, processes } = this.#town;
    const up = processes.filter((one) => one.up);
    const process = up.at(action.task % Math.max(up.length, 1));
    if (process === undefined) return;
    const { task_id } = process;
    const arn = `arn:${task_id}`;
    switch (action.do) {
      case 'crash':
        this.#say(
          `${task_id} crashes; the fleet ${action.forgotten ? 'forgets it' : 'says so'} after ${action.lag} ms`,
        );
        this.#crash(process);
        scheduler.after(action.lag, () => {
          if (processes.some((one) => one.up && one.task_id === task_id)) return;
          if (action.forgotten) fleet.tasks.delete(arn);
          else fleet.tasks.set(arn, 'stopped');
        });
        return;
      case 'restart': {
        const { moved, after } = action;
        this.#say(`${task_id} crashes and begins anew ${moved ? 'elsewhere ' : ''}after ${after + 1_000} ms`);
        this.#crash(process);
        scheduler.after(after + 1_000, () => {
          if (processes.some((one) => one.up && one.task_id === task_id)) return;
          const anew = this.#town.start(task_id, process.room_capacity, moved ? undefined : process.url);
          anew.disturbed_at = scheduler.now;
        });
        return;
      }
      case 'freeze':
        if (process.frozen) return;
        this.#say(`${task_id} is frozen for ${action.ms} ms`);
        process.freeze();
        this.#afterSilence(process);
        scheduler.after(action.ms, () => {
          if (process.frozen) process.thaw();
        });
        return;
      case 'cut':
        if (process.cut) return;
        this.#say(`${task_id} is cut off for ${action.ms} ms`);
        process.cut = true;
        process.disturbed_at = scheduler.now;
        scheduler.after(action.ms, () => {
          process.cut = false;
          process.disturbed_at = scheduler.now;
        });
        return;
      case 'mute':
        if (process.mute) return;
        this.#say(`${task_id} does not reach the router for ${action.ms} ms`);
        process.mute = true;
        if (action.forgotten) fleet.tasks.delete(arn);
        scheduler.after(action.ms, () => {
          process.mute = false;
          process.disturbed_at = scheduler.now;
        });
        return;
      case 'stop':
        if (process.stopping || process.frozen) return;
        this.#say(`${task_id} is stopped`);
        fleet.tasks.set(arn, 'stopping');
        void process.stop().then(() => fleet.tasks.set(arn, 'stopped'));
        return;
      default:
        action satisfies never;
    }
  }

  /** The clients of a frozen process notice. */
  #afterSilence(process: RelayProcess): void {
    this.#town.scheduler.after(SILENCE_MS, () => {
      if (!process.frozen) return;
      for (const guest of this.#town.guests)
        if (guest.loyal && guest.line?.process === process) this.#break(guest);
    });
  }

  #crash(process: RelayProcess): void {
    process.crash();
    for (const guest of this.#town.guests) if (guest.line?.process === process) this.#break(guest);
  }

  #create({ max_clients, guest, weather }: Extract<Action, { do: 'create' }>): void {
    const body: CreateRoomRequest = { max_clients };
    const name = `create a room of ${max_clients}`;
    this.#say(name, weather, guest);
    const use = (deps: Deps, key: RequestKey | undefined) => createRoom(deps, body, key);
    void this.#ask(this.#newAsked(name, guest, use, undefined), guest, weather);
  }

  #join({ room, guest, weather }: Extract<Action, { do: 'join' }>): void {
    const { rooms } = this;
    const room_id = rooms.at(room % Math.max(rooms.length, 1)) ?? '0000';
    const name = `join ${room_id}`;
    this.#say(name, weather, guest);
    const use = (deps: Deps, key: RequestKey | undefined) => joinRoom(deps, { room_id }, { key });
    void this.#ask(this.#newAsked(name, guest, use, room_id), guest, weather);
  }

  /** The numbers of the rooms that anybody was granted a seat in, the newest first. */
  get rooms(): string[] {
    return [...new Set(this.#town.guests.map(({ grant }) => grant.room_id).toReversed())];
  }

  #newAsked(
    name: string,
    { keyed }: NewGuest,
    use: Asked['use'],
    room_id: string | undefined,
  ): Asked | Unkeyed {
    if (!keyed) return { name, key: undefined, use, room_id, granted: undefined };
    const key = requestKey(`key ${this.#asked.length}`.padEnd(22, '.'), name, {});
    const asked: Asked = { name, key, use, room_id, granted: undefined };
    this.#asked.push(asked);
    return asked;
  }

  async #ask(asked: Asked | Unkeyed, options: NewGuest, weather: Weather): Promise<void> {
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
  #refused(asked: Asked | Unkeyed, code: string, request: Request): void {
    const { begun } = request;
    const { monitor } = this.#town;
    const { room_id, name, granted } = asked;
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
      granted === undefined &&
      !monitor.wasClosed(room_id, request)
    ) {
      monitor.fail(`${name}: room_not_found, but it was there`);
    }
  }

  #granted(asked: Asked | Unkeyed, grant: Grant, { follow, loyal }: NewGuest): void {
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
      const ended = (one: Guest, code: number, url: string) => this.#ended(one, code, url);
      guest = new Guest(`g${++this.#names}`, grant, { loyal, now, ended });
      town.guests.push(guest);
    }
    town.tell(
      `  ${guest.name} is granted a seat in ${grant.room_id}@${grant.epoch} at ${grant.url} (${grant.client_id})`,
    );
    this.#took(guest, grant, follow);
  }

  #took(guest: Guest, grant: Grant, follow: number): void {
    const { scheduler } = this.#town;
    guest.grant = grant;
    guest.used = false;
    guest.granted_at = scheduler.now;
    guest.granted_by = this.#town.processAt(grant.url);
    if (follow < 0) return;
    scheduler.after(follow, () => {
      if (guest.grant === grant && !guest.over) this.#connect(guest);
    });
  }

  #connect(guest: Guest): void {
    const { scheduler, monitor } = this.#town;
    const { grant, granted_by } = guest;
    const process = this.#town.processAt(grant.url);
    const result = guest.connect(process);
    this.#say(`${guest.name} connects: ${result.kind}${result.kind === 'refused' ? ` ${result.code}` : ''}`);
    if (result.kind === 'connected') guest.used = true;
    if (
      result.kind !== 'refused' ||
      guest.used ||
      guest.over ||
      process === undefined ||
      process !== granted_by
    )
      return;
    const undisturbed = process.well && process.disturbed_at < guest.granted_at - LIMITS.client;
    if (undisturbed && scheduler.now < grant.expires_at && process.now() < grant.expires_at) {
      monitor.fail(`${guest.name} came in time and was refused with ${result.code}`);
    }
  }

  #break(guest: Guest): void {
    this.#say(`the connection of ${guest.name} breaks`);
    const at = guest.line?.process.url;
    guest.break();
    if (at !== undefined) this.#ended(guest, 1006, at);
  }

  /** The connection of a guest has ended, and not by its own will. */
  #ended(guest: Guest, code: number, url: string): void {
    const town = this.#town;
    town.tell(`  ${guest.name} is disconnected with ${code}`);
    this.#keeps(guest, url);
    if (guest.over || town.calm) return;
    if (!Guest.comesBackAfter(code)) guest.over = code !== 4409;
    else if (guest.loyal) this.#comeBack(guest, 100);
  }

  /** The seat of a guest whose connection broke at `url` is kept, if the room was there. */
  #keeps(guest: Guest, url: string): void {
    const { monitor, scheduler, policy } = this.#town;
    if (guest.over || monitor.placeOf(guest.grant.room_id) !== url) return;
    guest.kept_until = scheduler.now + policy.RESUME_GRACE;
  }

  #comeBack(guest: Guest, pause: number): void {
    const { scheduler } = this.#town;
    if (guest.returns++ >= MOST_RETURNS) return;
    scheduler.after(pause, () => {
      if (guest.over || guest.line !== undefined) return;
      void this.#resume(guest, 50, FAIR).then((granted) => {
        if (!granted) this.#comeBack(guest, RETRY_MS);
      });
    });
  }

  /** True if it was granted. */
  async #resume(guest: Guest, follow: number, weather: Weather): Promise<boolean> {
    const town = this.#town;
    const { room_id, client_id, ticket } = guest.grant;
    const name = `resume ${guest.name}`;
    const request = town.newRequest(name, weather, LIMITS.client);
    const answer = await town.request(name, (deps) => resumeClient(deps, { room_id, client_id, ticket }), {
      request,
    });
    if (answer.kind !== 'answered') {
      town.tell(`  ${name}: ${answer.kind}`);
      return false;
    }
    if (answer.value.ok) {
      const grant = answer.value.value;
      town.tell(`  ${name}: granted ${grant.room_id}@${grant.epoch} at ${grant.url}`);
      this.#took(guest, grant, follow);
      return true;
    }
    const { code } = answer.value.refusal;
    town.tell(`  ${name}: ${code}`);
    if (code !== 'room_not_found' && code !== 'client_not_found') return false;
    if (!town.monitor.wasClosed(room_id, request) && !town.monitor.hadNoSeat(guest.grant, request.begun)) {
      town.monitor.fail(`${name}: ${code}, but the seat was there`);
    }
    guest.over = true;
    return true;
  }

  #guest(index: number, which: (guest: Guest) => boolean): Guest | undefined {
    const guests = this.#town.guests.filter(which);
    return guests.at(index % Math.max(guests.length, 1));
  }

  #newTask(): string {
    return `t${++this.#tasks}`;
  }

  #say(text: string, weather: Weather = FAIR, guest?: NewGuest): void {
    const { tell } = { tell: (line: string) => this.#town.tell(line) };
    const traits =
      guest === undefined
        ? ''
        : `${follows(guest.follow)}${guest.loyal ? ', loyal' : ''}${guest.keyed ? ', with a key' : ''}`;
    tell(`${text}${traits}${describeWeather(weather)}`);
  }
}

type Unkeyed = Omit<Asked, 'key'> & { key: undefined };

const follows = (ms: number) => (ms < 0 ? ', never connects' : `, connects after ${ms} ms`);
