import type { ControlPush } from '../../shared/protocol/control-channel.ts';
import { credentialsToken } from '../../shared/protocol/subprotocol.ts';
import type { ControlChannel, ControlChannelDeps } from './control-channel.ts';
import type { OpenGrant } from './grant.ts';

/**
 * An outage in which the router itself is there, but has no task for the room: the control channel tells of the next place
 * sooner than the next attempt would. What it tells is only when to ask: the answer of the router counts.
 */
export class OutageWatch {
  readonly #deps: ControlChannelDeps;
  readonly #news: () => boolean;
  #channel: ControlChannel | undefined;
  /** The seat for which it is being loaded. */
  #wanted: OpenGrant | undefined;
  /** What is news: another place than these, and, once, that the room is over. */
  #epoch = 0;
  #is_over = false;

  /** `news`: the router should be asked now. Returns whether it is, for this. */
  constructor(deps: ControlChannelDeps, news: () => boolean) {
    this.#deps = deps;
    this.#news = news;
  }

  /** The router has just said that there is no task for the room of `grant`, the latest one. */
  noTask(grant: OpenGrant): void {
    if (grant.control_url === undefined) return;
    this.#epoch = Math.max(this.#epoch, grant.epoch);
    // While the answer was under way there may have been news.
    if (this.#channel !== undefined) this.#channel.sync();
    else if (this.#wanted === undefined) void this.#open(grant, grant.control_url);
  }

  /** The outage is over, or the room is. */
  stop(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#wanted = undefined;
    this.#is_over = false;
  }

  /** Most pages never need it, so it is loaded only here. */
  async #open(grant: OpenGrant, url: string): Promise<void> {
    this.#wanted = grant;
    const loaded = await import('./control-channel.ts').catch(() => undefined);
    if (this.#wanted !== grant) return;
    this.#wanted = undefined;
    // Without it the next attempt finds out.
    if (loaded === undefined) return;
    this.#channel = new loaded.ControlChannel(
      this.#deps,
      { url, room_id: grant.room_id, credentials: credentialsToken(grant) },
      (push) => this.#heard(push),
    );
  }

  #heard(push: ControlPush): void {
    if (push.type === 'room.pending') return;
    // Once for each piece of news: the router may not know of it yet.
    if (push.type === 'room.closed') {
      if (!this.#is_over) this.#is_over = this.#news();
    } else if (push.epoch > this.#epoch && this.#news()) {
      this.#epoch = push.epoch;
    }
  }
}
