/**
 * The control channel: what becomes of a room, while no task can tell (docs/protocol.md, R71–R75). Loaded only when it is
 * needed: so it imports nothing that is loaded before.
 */
import { CONTROL_PROTOCOL } from '../../shared/protocol/control-channel.ts';
import type { ControlPush, ControlSync } from '../../shared/protocol/control-channel.ts';
import type { OpenSocket, Socket } from './platform.ts';
import type { Timings } from './timings.ts';

const SYNC = JSON.stringify({ type: 'sync' } satisfies ControlSync);
/** The longest delay before the channel is opened again, as a multiple of the first one. */
const MOST_RETRY_STEPS = 16;

function fieldsOf(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return (JSON.parse(json) as Record<string, unknown> | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** A message to a client of the room `room_id`; undefined for all else, which is ignored (R72). */
export function readPush(data: string | ArrayBuffer, room_id: string): ControlPush | undefined {
  const message = typeof data === 'string' ? fieldsOf(data) : undefined;
  if (message?.['room_id'] !== room_id) return undefined;
  const { type, url, epoch, expires_at } = message;
  const has_place = typeof url === 'string' && Number.isSafeInteger(epoch);
  const sound =
    (type === 'room.ready' && has_place && Number.isSafeInteger(expires_at)) ||
    (type === 'room.pending' && Number.isSafeInteger(expires_at)) ||
    (type === 'room.moved' && has_place) ||
    type === 'room.closed';
  return sound ? (message as unknown as ControlPush) : undefined;
}

export interface ControlChannelDeps {
  openSocket: OpenSocket;
  timings: Pick<Timings, 'control_answer_ms' | 'control_sync_ms' | 'control_retry_ms'>;
}

export interface ControlPlace {
  /** Where the grant says. */
  url: string;
  room_id: string;
  /** `<room_id>.<client_id>.<ticket>`. */
  credentials: string;
}

/**
 * One channel, kept up until it is closed: opened again whenever it ends or leaves a question unanswered, with growing random
 * delays while it does not open. It asks for the present state once open, and from time to time, since a push may get lost
 * and a browser does not notice a connection that has died.
 */
export class ControlChannel {
  readonly #deps: ControlChannelDeps;
  readonly #place: ControlPlace;
  readonly #heard: (push: ControlPush) => void;
  #socket: Socket | undefined;
  /** The one thing that is waited for: the next question, its answer, or the time to open the channel again. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #up = false;
  #closed = false;

  constructor(deps: ControlChannelDeps, place: ControlPlace, heard: (push: ControlPush) => void) {
    this.#deps = deps;
    this.#place = place;
    this.#heard = heard;
    this.#open();
  }

  /** Whether it is open and has answered: what happens now is told. */
  get up(): boolean {
    return this.#up;
  }

  /** Asks for the present state now; where the channel is not open, that is tried at once. */
  sync(): void {
    if (this.#closed) return;
    if (this.#socket === undefined) this.#open();
    else if (this.#socket.open) this.#ask(this.#socket);
  }

  /** Nothing is heard any more. The seat is kept. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  #open(): void {
    const { openSocket, timings } = this.#deps;
    const { url, credentials } = this.#place;
    this.#wait(timings.control_answer_ms, () => this.#lost());
    try {
      const socket = openSocket(url, [CONTROL_PROTOCOL, credentials], {
        open: (protocol) => {
          if (this.#socket !== socket) return;
          if (protocol === CONTROL_PROTOCOL) this.#ask(socket);
          else this.#lost();
        },
        message: (data) => {
          if (this.#socket === socket) this.#message(data);
        },
        close: () => {
          if (this.#socket === socket) this.#lost();
        },
      });
      this.#socket = socket;
    } catch {
      this.#lost();
    }
  }

  #ask(socket: Socket): void {
    socket.send(SYNC);
    this.#wait(this.#deps.timings.control_answer_ms, () => this.#lost());
  }

  #message(data: string | ArrayBuffer): void {
    const push = readPush(data, this.#place.room_id);
    if (push === undefined) return;
    this.#up = true;
    this.#failures = 0;
    this.#wait(this.#deps.timings.control_sync_ms, () => this.sync());
    this.#heard(push);
  }

  #lost(): void {
    this.#drop();
    const longest = this.#deps.timings.control_retry_ms * Math.min(2 ** this.#failures++, MOST_RETRY_STEPS);
    this.#wait(Math.random() * longest, () => this.#open());
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#up = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.abandon();
  }

  #wait(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }
}
