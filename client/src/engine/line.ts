/** One connection of a client with a relay: whom that relay names, by its own slots, and what it says. */
import type { Congested, Joined, Left, Moved, Welcome } from '../../../shared/protocol/control.ts';
import { Connection } from '../connection.ts';
import type { ConnectionTimings } from '../connection.ts';
import { readControl } from '../control.ts';
import type { Control } from '../control.ts';
import type { Bytes } from '../e2ee/bytes.ts';
import type { OpenSocket } from '../platform.ts';
import { Acks } from './acks.ts';
import type { Endpoint } from './engine.ts';
import { Slots } from './slots.ts';

/** How a connection ended, and not by our doing. */
export type LineEnd =
  { readonly kind: 'closed'; readonly code: number; readonly reason: string } | { readonly kind: 'dead' };

export type LineHint = Exclude<Control, Welcome | Joined | Left | Moved>;

export interface LineEvents {
  /** The relay has let us in. Its clients are the others. */
  welcome(line: Line, welcome: Welcome): void;
  /** Of others, and after the welcome, as all that follows. */
  joined(line: Line, message: Joined): void;
  left(line: Line, message: Left): void;
  hint(line: Line, hint: LineHint): void;
  frame(line: Line, frame: Bytes): void;
  /** The relay said what it must not; it was dropped. */
  fault(message: string): void;
  /** The room is served elsewhere from now on. It may come before the welcome. */
  moved(line: Line, message: Moved): void;
  /** Nothing comes after it. */
  ended(line: Line, end: LineEnd): void;
}

export class Line {
  /** Lines that are opened later have higher ones. */
  readonly number: number;
  readonly endpoint: Endpoint;
  readonly connection: Connection;
  /** Of the others who are connected there. */
  readonly slots = new Slots();
  /** Our own slot there; undefined before the welcome. */
  own_slot: number | undefined;
  /** Of the welcome. */
  epoch = 0;
  /** When the relay let us in, by the clock of the lines. */
  welcomed_at = 0;
  /**
   * By the clock of the lines, when whoever sends there goes over to a newer line at the latest, and for how long before that another
   * may have done so; undefined if that is not known.
   */
  move_on: { readonly at: number; readonly slack: number } | undefined;
  congestion: Congested = { type: 'congested', level: 0, receivers: 0 };
  readonly #acks: Acks;
  readonly #events: LineEvents;

  /** Never throws: see {@link Connection}. */
  constructor(
    number: number,
    endpoint: Endpoint,
    { openSocket, timings }: { openSocket: OpenSocket; timings: ConnectionTimings },
    events: LineEvents,
  ) {
    this.number = number;
    this.endpoint = endpoint;
    this.#events = events;
    this.#acks = new Acks((frame) => this.send(frame));
    this.connection = new Connection(openSocket, endpoint, timings, {
      text: (text) => {
        this.#acks.received();
        this.#control(text);
      },
      frame: (bytes) => {
        this.#acks.received();
        // Before the welcome no slot means anything.
        if (this.own_slot !== undefined) events.frame(this, bytes);
      },
      closed: (code, reason) => this.#ended({ kind: 'closed', code, reason }),
      dead: () => this.#ended({ kind: 'dead' }),
    });
  }

  send(data: string | Bytes): void {
    if (this.connection.open) this.connection.send(data);
  }

  /** See {@link Connection.close}. */
  close(code?: 1000): Promise<void> {
    this.#acks.stop();
    return this.connection.close(code);
  }

  abandon(): void {
    this.#acks.stop();
    this.connection.abandon();
  }

  #ended(end: LineEnd): void {
    this.#acks.stop();
    this.#events.ended(this, end);
  }

  #control(text: string): void {
    const reading = readControl(text);
    if (reading.kind === 'control') this.#act(reading.control);
    if (reading.kind !== 'malformed') return;
    // Without a welcome there is no going on; later, one message less is no reason to part.
    if (this.own_slot !== undefined) this.#events.fault(reading.message);
    else this.connection.fail(reading.message);
  }

  #act(control: Control): void {
    if (control.type === 'moved') {
      this.#events.moved(this, control);
      return;
    }
    if (control.type === 'welcome') {
      this.#welcome(control);
      return;
    }
    // The first thing that a relay says is the welcome.
    if (this.own_slot === undefined) return;
    if (control.type !== 'joined' && control.type !== 'left') {
      this.#events.hint(this, control);
    } else if (control.client_id === this.endpoint.client_id) {
      return;
    } else if (control.type === 'joined') {
      this.slots.add(control);
      this.#events.joined(this, control);
    } else {
      // Who has moved on still hears us here.
      if (control.reason !== 'moved') this.slots.delete(control.client_id);
      this.#events.left(this, control);
    }
  }

  #welcome(welcome: Welcome): void {
    if (this.own_slot !== undefined) {
      this.#events.fault('The relay sent a second welcome');
      return;
    }
    const clients = welcome.clients.filter(({ client_id }) => client_id !== this.endpoint.client_id);
    for (const peer of clients) this.slots.add(peer);
    this.own_slot = welcome.slot;
    this.epoch = welcome.epoch;
    this.connection.welcomed();
    this.#acks.start(welcome.slot);
    this.#events.welcome(this, { ...welcome, clients });
  }
}
