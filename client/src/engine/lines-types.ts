/** What the connections of one client (see lines.ts) need, and what they tell. */
import type { Joined, Left, Welcome } from '../../../shared/protocol/control.ts';
import type { ConnectionTimings } from '../connection.ts';
import type { Bytes } from '../e2ee/bytes.ts';
import type { OpenSocket } from '../platform.ts';
import type { Hint } from './engine.ts';
import type { LineEnd } from './line.ts';

export interface LinesDeps {
  openSocket: OpenSocket;
  timings: ConnectionTimings;
  /** Monotonic, ms. */
  clock: () => number;
  /** Whether the room is sealed: what is not sealed in it is of the handshake, and needs no order. */
  sealed: boolean;
}

export interface LinesEvents {
  /** The relay has let us in. */
  welcome(welcome: Welcome): void;
  /** Of others, behind the welcome, as what follows; with slots as in the welcome. */
  joined(message: Joined): void;
  left(message: Left): void;
  /** `wire_slot`: of the sender at the relay that it came from, where that is another than the frame has. */
  receive(frame: Bytes, wire_slot: number | undefined): void;
  hint(hint: Hint): void;
  fault(message: string): void;
  /** No line is left. It comes before `reopening` and `ended`. */
  over(): void;
  /** The room is served elsewhere from now on, and here for a while: see {@link Lines.move}. */
  moved(url: string | undefined): void;
  /** A line that was opened beside others is one of them now. */
  arrived(welcome: Welcome): void;
  /** It is not, or is over before anything depended on it. */
  strayed(end: LineEnd): void;
  /** All lines are over, but for one that is being opened. */
  reopening(end: LineEnd): void;
  /** All lines are over, and not by our doing. */
  ended(end: LineEnd): void;
}
