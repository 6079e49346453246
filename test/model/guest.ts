/** A client: what it was granted, and its socket. */
import type { Grant } from '../../shared/protocol/api.ts';
import { CLOSE } from '../../shared/protocol/close-codes.ts';
import { parseControl, type Moved } from '../../shared/protocol/control.ts';
import type { Session } from '../../stream-task/session.ts';
import type { ClientSocket } from '../../stream-task/session-types.ts';
import type { RelayProcess } from './relay-process.ts';

/** Its socket, as long as it is open by the client's own word. */
export interface Line {
  process: RelayProcess;
  session: Session;
  /** The server has closed it. */
  closed: boolean;
}

export type Connected =
  | { kind: 'connected' }
  | { kind: 'refused'; code: number }
  /** Nobody answers there. */
  | { kind: 'no_answer' };

/** What a control message of its own frame says, if it is that the room has moved. */
function movedIn(frames: Uint8Array): Moved | undefined {
  const text = Buffer.from(frames).toString('latin1');
  const control = parseControl(text.slice(text.indexOf('{')));
  return control?.type === 'moved' ? (control as unknown as Moved) : undefined;
}

const LEAVE = Buffer.from(JSON.stringify({ type: 'leave' }));

/** What a client does by itself when the relay ends its connection. */
const COMES_BACK: ReadonlySet<number> = new Set<number>([CLOSE.DRAINING, 1006]);

export class Guest {
  readonly name: string;
  /** It comes back by itself when its connection breaks. */
  readonly loyal: boolean;
  grant: Grant;
  /** When the grant was given, by the router's clock. */
  granted_at: number;
  /** The process that was at the address of the grant then. */
  granted_by: RelayProcess | undefined;
  /** It has connected with this grant: from now on the seat lasts as its connection does. */
  used = false;
  /** After its connection broke its seat is kept until then. */
  kept_until = 0;
  /** It has left, or was told that it has no seat. */
  over = false;
  /** How often it has come back by itself. */
  returns = 0;
  line: Line | undefined;
  /** The connection was ended by the relay. */
  readonly #ended: (guest: Guest, code: number, url: string) => void;
  /** The room has moved while it is connected. */
  readonly #moved: (guest: Guest, moved: Moved) => void;

  constructor(
    name: string,
    grant: Grant,
    options: {
      loyal: boolean;
      now: number;
      ended: (guest: Guest, code: number, url: string) => void;
      moved: (guest: Guest, moved: Moved) => void;
    },
  ) {
    this.name = name;
    this.grant = grant;
    this.granted_at = options.now;
    this.loyal = options.loyal;
    this.#ended = options.ended;
    this.#moved = options.moved;
  }

  static comesBackAfter(code: number): boolean {
    return COMES_BACK.has(code);
  }

  /** Whether its socket is open at `process`. */
  isConnectedTo(process: RelayProcess): boolean {
    return this.line?.process === process && !this.line.closed && process.up;
  }

  connect(process: RelayProcess | undefined): Connected {
    if (process === undefined || !process.up || process.frozen) return { kind: 'no_answer' };
    let result: Connected = { kind: 'no_answer' };
    process.run(() => {
      const { room_id, client_id, ticket } = this.grant;
      const admission = process.registry.admit({ room_id, client_id, ticket }, 'anteroom.v1');
      if (admission.kind === 'refused') {
        result = { kind: 'refused', code: admission.code };
        return;
      }
      const line: Omit<Line, 'session'> & { session?: Session } = { process, closed: false };
      line.session = admission.open(this.#socket(line as Line));
      this.line = line as Line;
      result = { kind: 'connected' };
    });
    return result;
  }

  /** It has another connection now, and ends `line`, of a room that has moved. */
  letGo(line: Line): void {
    if (!line.closed) line.process.run(() => line.session.closed(1005));
  }

  /** Its connection breaks. */
  break(): void {
    const { line } = this;
    this.line = undefined;
    if (line !== undefined && !line.closed) line.process.run(() => line.session.closed(1006));
  }

  /** It leaves for good, if it is connected. */
  leave(): void {
    const { line } = this;
    if (line === undefined || line.closed) return;
    this.over = true;
    line.process.run(() => line.session.message(LEAVE, 0, LEAVE.length, 0, false));
  }

  #socket(line: Line): ClientSocket {
    const end = (code: number) => {
      line.closed = true;
      if (this.line !== line) return;
      this.line = undefined;
      this.#ended(this, code, line.process.url);
    };
    return {
      waiting: 0,
      since: undefined,
      write: (frames) => {
        const moved = movedIn(frames);
        if (moved !== undefined && this.line === line) this.#moved(this, moved);
        return true;
      },
      sendClose: end,
      terminate: () => end(1006),
    };
  }
}
