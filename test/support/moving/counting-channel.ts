import type { Channel, ChannelEvents, OutgoingFrame } from '../../../client/src/e2ee/channel.ts';
import { PlainChannel } from '../../../client/src/engine/plain-channel.ts';
import type { Joined, Left, Welcome } from '../../../shared/protocol/control.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Stands for encryption: frames are marked as sealed, and each is shown once, whatever order they come in. */
export class CountingChannel implements Channel {
  readonly #plain: PlainChannel;
  readonly #events: ChannelEvents;
  readonly #shown = new Set<string>();

  constructor(events: ChannelEvents) {
    this.#events = events;
    const send = (frame: Bytes): void => {
      frame[0]! |= 1;
      events.send(frame);
    };
    const frame: ChannelEvents['frame'] = (shown) => {
      const name = `${shown.from} ${String(shown.payload)}`;
      if (this.#shown.has(name)) return;
      this.#shown.add(name);
      events.frame(shown);
    };
    const fault = (message: string): void => {
      throw new Error(message);
    };
    this.#plain = new PlainChannel({ ...events, send, frame, fault });
  }

  welcome(welcome: Welcome): void {
    this.#plain.welcome(welcome);
  }
  joined(message: Joined): void {
    this.#plain.joined(message);
  }
  left(message: Left): void {
    this.#plain.left(message);
  }
  arrived(): void {
    this.#plain.arrived();
  }
  disconnected(): void {
    this.#plain.disconnected();
  }
  receive(frame: Bytes): void {
    frame[0]! &= ~1;
    this.#plain.receive(frame);
  }
  send(frame: OutgoingFrame): void {
    this.#plain.send(frame);
  }
  tick(): void {
    this.#events.alarm(Infinity);
  }
  bye(): Promise<void> {
    return Promise.resolve();
  }
  safetyNumber(): Promise<string> {
    return this.#plain.safetyNumber();
  }
  invite(): Promise<string[]> {
    return this.#plain.invite();
  }
  close(): void {
    this.#plain.close();
  }
}
