/** Messages of the application that wait until keys are agreed on: so many, and no more. */
import type { OutgoingFrame } from './channel.ts';
import { WAITING_BYTES, WAITING_MESSAGES } from './limits.ts';

export class Waiting {
  #messages: OutgoingFrame[] = [];
  #bytes = 0;

  /** Keeps a copy. False if there is no more room. */
  add(message: OutgoingFrame): boolean {
    const bytes = this.#bytes + message.payload.length;
    if (this.#messages.length >= WAITING_MESSAGES || bytes > WAITING_BYTES) return false;
    this.#bytes = bytes;
    this.#messages.push({ ...message, payload: new Uint8Array(message.payload) });
    return true;
  }

  /** All of them, in their order; none is left. */
  take(): OutgoingFrame[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}
