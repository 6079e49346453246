/** Plays a script in a town. */
import { updateTasks } from '../../shared/use-cases/update-tasks.ts';
import type { Guest } from './guest.ts';
import type { RelayProcess } from './relay-process.ts';
import { Requests } from './requests.ts';
import { describeFollow, type Action, type NewGuest, type Opening, type Script } from './script.ts';
import { LIMITS, type Town } from './town.ts';
import { describeWeather, FAIR, type Weather } from './trouble.ts';
import { Visits } from './visits.ts';

/** A client takes a connection on which nothing comes for dead after so long, ms. */
const SILENCE_MS = 12_000;

export class Play {
  readonly #town: Town;
  readonly #visits: Visits;
  readonly #requests: Requests;
  #tasks = 0;

  constructor(town: Town) {
    this.#town = town;
    this.#visits = new Visits(town);
    this.#requests = new Requests(town, this.#visits);
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
      this.#requests.create({ do: 'create', max_clients: 3, ...action });
      await town.scheduler.advance(10);
      if (town.guests.length === before) continue;
      for (let more = 1; more < clients; more++) this.#requests.join({ do: 'join', room: 0, ...action });
      await town.scheduler.advance(10);
    }
    town.calm = false;
    await town.scheduler.advance(age);
  }

  #act(action: Action): void {
    const { fleet, scheduler } = this.#town;
    switch (action.do) {
      case 'create':
        return this.#requests.create(action);
      case 'join':
        return this.#requests.join(action);
      case 'repeat':
        return this.#requests.repeat(action);
      case 'resume': {
        const guest = this.#guest(action.who, (one) => !one.over);
        if (guest === undefined) return;
        this.#say(`${guest.name} resumes${describeFollow(action.follow)}`, action.weather);
        void this.#visits.resume(guest, action.follow, action.weather);
        return;
      }
      case 'connect': {
        // Also one that has left: its ticket was good once.
        const guest = this.#guest(action.who, () => true);
        if (guest !== undefined) this.#visits.connect(guest);
        return;
      }
      case 'break': {
        const guest = this.#guest(action.who, (one) => one.line !== undefined);
        if (guest !== undefined) this.#visits.break(guest);
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
      case 'drain':
        if (process.stopping || process.draining || process.frozen) return;
        this.#say(`${task_id} drains`);
        if (action.by_fleet) fleet.tasks.set(arn, 'stopping');
        process.drain(() => fleet.tasks.set(arn, 'stopped'));
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
        if (guest.loyal && guest.line?.process === process) this.#visits.break(guest);
    });
  }

  #crash(process: RelayProcess): void {
    process.crash();
    for (const guest of this.#town.guests) if (guest.line?.process === process) this.#visits.break(guest);
  }

  #guest(index: number, which: (guest: Guest) => boolean): Guest | undefined {
    const guests = this.#town.guests.filter(which);
    return guests.at(index % Math.max(guests.length, 1));
  }

  #newTask(): string {
    return `t${++this.#tasks}`;
  }

  #say(text: string, weather: Weather = FAIR): void {
    this.#town.tell(`${text}${describeWeather(weather)}`);
  }
}
