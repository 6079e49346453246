/** The channel of a room that is not encrypted: frames go as they are, and only while they can. */
import type { Joined, Left, Welcome } from '../../../shared/protocol/control.ts';
import { TO_ALL } from '../../../shared/protocol/frame.ts';
import type { Bytes } from '../e2ee/bytes.ts';
import type { Channel, ChannelEvents, OutgoingFrame } from '../e2ee/channel.ts';
import { AnteroomError } from '../errors.ts';
import { buildFrame, readFrame } from '../frames.ts';
import { Slots } from './slots.ts';

export interface PlainChannelEvents extends Pick<
  ChannelEvents,
  'send' | 'secured' | 'joined' | 'left' | 'frame'
> {
  /** A frame was dropped. `from`: client id of the sender where one is to blame. */
  fault(message: string, from: string | undefined): void;
}

const unencrypted = (): Promise<never> =>
  Promise.reject(
    new AnteroomError('invalid_argument', 'The room is not encrypted: createRoom makes one that is'),
  );

export class PlainChannel implements Channel {
  readonly #events: PlainChannelEvents;
  readonly #slots = new Slots();
  #own_slot = TO_ALL;

  constructor(events: PlainChannelEvents) {
    this.#events = events;
  }

  welcome(welcome: Welcome): void {
    this.#own_slot = welcome.slot;
    this.#slots.clear();
    for (const peer of welcome.clients) this.#slots.add(peer);
    this.#events.secured(welcome);
  }

  joined(message: Joined): void {
    this.#slots.add(message);
    this.#events.joined(message);
  }

  left(message: Left): void {
    this.#slots.delete(message.client_id);
    this.#events.left(message);
  }

  /** Nothing is sent again. */
  arrived(): void {}

  disconnected(): void {
    this.#slots.clear();
  }

  receive(frame: Bytes): void {
    const reading = readFrame(frame, this.#own_slot, this.#slots);
    if (reading.kind === 'refused') this.#events.fault(reading.message, reading.from);
    else this.#events.frame(reading.frame);
  }

  send(frame: OutgoingFrame): void {
    const destination = frame.to === undefined ? TO_ALL : this.#slots.slotOf(frame.to);
    if (destination !== undefined) this.#events.send(buildFrame(frame, this.#own_slot, destination));
  }

  tick(): void {}

  bye(): Promise<void> {
    return Promise.resolve();
  }

  safetyNumber(): Promise<string> {
    return unencrypted();
  }

  invite(): Promise<string[]> {
    return unencrypted();
  }

  close(): void {
    this.#slots.clear();
  }
}
