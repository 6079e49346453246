import type {
  ConnectionState,
  Member,
  MoveOptions,
  RoomEvents,
  SealedRoom,
  Security,
  SendOptions,
} from '@anteroom/client';
import { AnteroomError, FRAME_CLASS } from '@anteroom/client';
import type { FrameClass } from '@anteroom/client';

/** What a page sent: the text of a message, or the bytes of another class. */
export interface Sent {
  class: FrameClass;
  text: string;
  bytes: number[];
  to: string | undefined;
  droppable: boolean;
}

/** Whom a room covers: client ids of others. */
type Standing = Partial<Record<'sealed' | 'securing' | 'unsealed' | 'disagreeing', readonly string[]>>;

/** A room whose events the test causes itself, in any order. It carries nothing: what is sent is kept in `sent`. */
export class FakeRoom implements SealedRoom {
  readonly room_id = '12345';
  readonly client_id = 'self-0000';
  readonly max_clients = 10;
  readonly link = `https://room.example/r/${this.room_id}#q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k`;
  readonly seat = { room_id: this.room_id, client_id: this.client_id, ticket: 'ticket' };
  readonly limits = undefined;
  readonly sent: Sent[] = [];
  state: ConnectionState = { status: 'live' };
  members: Member[] = [];
  security: Security = { status: 'sealed', sealed: [], securing: [], unsealed: [], disagreeing: [] };
  /** What `safetyNumber` and `moveWithout` come to. */
  safety: () => Promise<string> = () => Promise.resolve('00000 11111 22222 33333 44444 55555');
  next: () => Promise<SealedRoom> = () => Promise.reject(new AnteroomError('rooms_exhausted', 'x'));
  /** Whom the page moved on without, and how it did so last. */
  moved: (readonly string[])[] = [];
  move_options: MoveOptions | undefined;
  bufferedAmount = 0;
  left = false;
  readonly #listeners = new Map<string, Set<(value: never) => void>>();

  on<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Listeners of all events. */
  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  send(frame_class: FrameClass, payload: Uint8Array, options: SendOptions = {}): boolean {
    const waits = this.state.status === 'securing' && frame_class === FRAME_CLASS.MSG;
    if (this.state.status !== 'live' && !waits) return false;
    this.sent.push({
      class: frame_class,
      text: new TextDecoder().decode(payload),
      bytes: [...payload],
      to: options.to,
      droppable: frame_class > FRAME_CLASS.MSG && (options.droppable ?? true),
    });
    return true;
  }

  sendText(text: string, options?: Pick<SendOptions, 'to'>): boolean {
    return this.send(FRAME_CLASS.MSG, new TextEncoder().encode(text), options);
  }

  safetyNumber(): Promise<string> {
    return this.safety();
  }

  moveWithout(client_ids: readonly string[], options?: MoveOptions): Promise<SealedRoom> {
    this.moved.push(client_ids);
    this.move_options = options;
    return this.next();
  }

  leave(): Promise<void> {
    this.left = true;
    return Promise.resolve();
  }

  emit<E extends keyof RoomEvents>(event: E, value: RoomEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? [])
      (listener as (value: RoomEvents[E]) => void)(value);
  }

  enterState(state: ConnectionState): void {
    this.state = state;
    this.emit('state', state);
  }

  secure(standing: Standing): void {
    const { sealed = [], securing = [], unsealed = [], disagreeing = [] } = standing;
    const status = securing.length > 0 ? 'securing' : unsealed.length > 0 ? 'partly_sealed' : 'sealed';
    this.security = { status, sealed, securing, unsealed, disagreeing };
    this.emit('security', this.security);
  }

  join(client_id: string, sealed = true): void {
    this.members = [...this.members, { client_id, sealed }];
    this.emit('joined', { client_id, sealed });
  }

  part(client_id: string, gone: boolean): void {
    this.members = this.members.filter((member) => member.client_id !== client_id);
    this.emit('left', { client_id, gone });
  }

  receive(from: string, message: Record<string, unknown>): void {
    const text = JSON.stringify(message);
    const data = new TextEncoder().encode(text);
    this.emit('message', { from, data, text: () => text, unicast: false });
  }

  receivePose(from: string, payload: Uint8Array): void {
    this.emit('frame', {
      from,
      class: FRAME_CLASS.POSE,
      stream: 0,
      layer: 0,
      keyframe: false,
      droppable: true,
      unicast: false,
      payload,
    });
  }
}
