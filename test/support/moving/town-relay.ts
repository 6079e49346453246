/** A relay in memory that keeps to the rules of docs/protocol.md, R17 to R24 and R62 to R65. */
import type { SocketEvents } from '../../../client/src/platform.ts';
import type { Left, RelayControl } from '../../../shared/protocol/control.ts';
import { destinationOf, TO_ALL, TO_RELAY } from '../../../shared/protocol/frame.ts';
import { ROOM_ID } from '../engine-doubles.ts';
import { RELAY_LIMITS } from '../relay-double.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Things that happen in their order, each when the town says so. */
export class Pipe {
  readonly #queue: (() => void)[] = [];

  put(event: () => void): void {
    this.#queue.push(event);
  }

  get waits(): boolean {
    return this.#queue.length > 0;
  }

  next(): void {
    this.#queue.shift()?.();
  }
}

/** A connection at a relay. */
export interface Seat {
  readonly client_id: string;
  readonly slot: number;
  readonly down: Pipe;
  readonly events: SocketEvents;
  moved_on: boolean;
}

export class TownRelay {
  readonly url: string;
  readonly epoch: number;
  /** undefined: it refuses whoever comes. */
  accepts = true;
  #seats: Seat[] = [];
  #next_slot: number;
  #moved = false;

  constructor(url: string, epoch: number) {
    this.url = url;
    this.epoch = epoch;
    // Slots differ from relay to relay, and overlap.
    this.#next_slot = epoch;
  }

  connect(client_id: string, down: Pipe, events: SocketEvents): Seat | undefined {
    if (!this.accepts) {
      down.put(() => events.close(this.#moved ? 4503 : 1006, ''));
      return undefined;
    }
    const seat = { client_id, slot: this.#next_slot++, down, events, moved_on: false };
    down.put(() => events.open('anteroom.v1'));
    this.#tell(seat, {
      type: 'welcome',
      room_id: ROOM_ID,
      epoch: this.epoch,
      slot: seat.slot,
      clients: this.#seats.map(({ slot, client_id: id }) => ({ slot, client_id: id })),
      limits: RELAY_LIMITS,
      resume_grace_ms: 15_000,
    });
    for (const other of this.#seats) this.#tell(other, { type: 'joined', slot: seat.slot, client_id });
    this.#seats = [...this.#seats, seat];
    return seat;
  }

  receive(seat: Seat, data: string | Bytes): void {
    if (!this.#seats.includes(seat)) return;
    if (typeof data === 'string') {
      const { type } = JSON.parse(data) as { type: string };
      if (type === 'leave') this.end(seat, 'gone');
      if (type !== 'moved_on' || !this.#moved || seat.moved_on) return;
      seat.moved_on = true;
      this.#announce(seat, 'moved');
      return;
    }
    const destination = destinationOf(data);
    if (destination === TO_RELAY || seat.moved_on) return;
    for (const other of this.#seats) {
      if (other === seat || (destination !== TO_ALL && destination !== other.slot)) continue;
      other.down.put(() => other.events.message(data.slice().buffer));
    }
  }

  /** The room has a place elsewhere, and is served here for `deadline_ms` at most, if that is told. */
  move(url: string, epoch: number, deadline_ms?: number): void {
    this.#moved = true;
    this.accepts = false;
    const limit = deadline_ms === undefined ? {} : { deadline_ms };
    for (const seat of this.#seats)
      this.#tell(seat, { type: 'moved', url, epoch, reason: 'drain', ...limit });
  }

  end(seat: Seat, how: 'gone' | 'closed' | 'broke'): void {
    if (!this.#seats.includes(seat)) return;
    this.#seats = this.#seats.filter((other) => other !== seat);
    if (how === 'gone') this.#announce(seat, 'gone');
    else if (!seat.moved_on) this.#announce(seat, this.#moved && how === 'closed' ? 'moved' : 'resuming');
  }

  /** The task dies: what was under way from it is lost where the kernel had not sent it. */
  kill(): void {
    this.accepts = false;
    for (const { down, events } of this.#seats) down.put(() => events.close(1006, ''));
    this.#seats = [];
  }

  /** The connection of one client breaks. */
  cut(client_id: string): void {
    const seat = this.#seats.find((one) => one.client_id === client_id)!;
    this.end(seat, 'broke');
    seat.down.put(() => seat.events.close(1006, ''));
  }

  alive(): void {
    for (const seat of this.#seats) this.#tell(seat, { type: 'alive' });
  }

  get clients(): string[] {
    return this.#seats.map(({ client_id }) => client_id);
  }

  #announce({ slot, client_id }: Seat, reason: Left['reason']): void {
    for (const seat of this.#seats) {
      if (seat.client_id !== client_id) this.#tell(seat, { type: 'left', slot, client_id, reason });
    }
  }

  #tell({ down, events }: Seat, control: RelayControl): void {
    const text = JSON.stringify(control);
    down.put(() => events.message(text));
  }
}
