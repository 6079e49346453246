/** How clients come, go, and come back with what they were granted. */
import type { Grant } from '../../shared/protocol/api.ts';
import { resumeClient } from '../../shared/use-cases/resume-client.ts';
import type { Moved } from '../../shared/protocol/control.ts';
import { CLOSE } from '../../shared/protocol/close-codes.ts';
import { Guest } from './guest.ts';
import { LIMITS, type Town } from './town.ts';
import { FAIR, type Weather } from './trouble.ts';

/** A client comes back by itself so often … */
const MOST_RETURNS = 4;
/** … and tries again so long after a refusal, ms. */
const RETRY_MS = 2_000;
/** It follows its room so long after it heard of its move, and lets the old connection go so long after that, ms. */
const FOLLOW_MS = 200;

/** A client whose room waits for a task asks again after so long, ms. */
const ASK_MS = 4_000;

export class Visits {
  readonly #town: Town;

  constructor(town: Town) {
    this.#town = town;
  }

  /** A grant for `guest`, who connects `follow` ms later. */
  took(guest: Guest, grant: Grant, follow: number): void {
    const { scheduler } = this.#town;
    guest.grant = grant;
    guest.used = false;
    guest.granted_at = scheduler.now;
    guest.granted_by = this.#town.processAt(grant.url ?? '');
    if (follow < 0) return;
    if (grant.state === 'pending') {
      scheduler.after(ASK_MS, () => {
        if (guest.grant === grant && !guest.over) void this.resume(guest, follow, FAIR);
      });
      return;
    }
    scheduler.after(follow, () => {
      if (guest.grant === grant && !guest.over) this.connect(guest);
    });
  }

  /** `guest` opens a socket by its newest grant. Who comes in time gets in, if nothing was wrong with the task. */
  connect(guest: Guest): void {
    const { scheduler, monitor } = this.#town;
    const { grant, granted_by } = guest;
    const process = this.#town.processAt(grant.url ?? '');
    const result = guest.connect(process);
    this.#town.tell(
      `${guest.name} connects: ${result.kind}${result.kind === 'refused' ? ` ${result.code}` : ''}`,
    );
    if (result.kind === 'connected') guest.used = true;
    if (
      result.kind !== 'refused' ||
      (process?.draining === true && result.code === CLOSE.DRAINING) ||
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

  /** Its connection breaks. */
  break(guest: Guest): void {
    this.#town.tell(`the connection of ${guest.name} breaks`);
    const at = guest.line?.process.url;
    guest.break();
    if (at !== undefined) this.ended(guest, 1006, at);
  }

  /** The connection of a guest has ended, and not by its own will. */
  ended(guest: Guest, code: number, url: string): void {
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
      void this.resume(guest, 50, FAIR).then((granted) => {
        if (!granted) this.#comeBack(guest, RETRY_MS);
      });
    });
  }

  /** Its room has moved: a loyal guest opens the new place by what it was told, and then lets the old one go (R63). */
  moved(guest: Guest, { url, epoch, reason }: Moved): void {
    const { scheduler } = this.#town;
    const { line } = guest;
    this.#town.tell(`  ${guest.name} hears that its room has moved to ${url}@${epoch} (${reason})`);
    if (reason !== 'drain' || url === undefined || line === undefined || !guest.loyal) return;
    scheduler.after(FOLLOW_MS, () => {
      if (guest.over || guest.line !== line) return;
      const before = guest.grant;
      guest.grant = { ...before, url, epoch };
      const result = guest.connect(this.#town.processAt(url));
      this.#town.tell(`${guest.name} follows: ${result.kind}`);
      if (result.kind !== 'connected') guest.grant = before;
      else scheduler.after(FOLLOW_MS, () => guest.letGo(line));
    });
  }

  /** It resumes; true if it need not try again. */
  async resume(guest: Guest, follow: number, weather: Weather): Promise<boolean> {
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
      this.took(guest, grant, follow);
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
}
