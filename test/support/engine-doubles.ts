/** What an engine stands on, in the hands of a test: sockets and a sealed channel that do what they are told. */
import type { Channel, ChannelEvents, OutgoingFrame } from '../../client/src/e2ee/channel.ts';
import type { EngineConfig, EngineEvents } from '../../client/src/engine/engine.ts';
import type { OpenSocket, Socket, SocketEvents } from '../../client/src/platform.ts';
import type { Joined, Left, RelayControl, Welcome } from '../../shared/protocol/control.ts';
import { RELAY_LIMITS } from './relay-double.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export const ROOM_ID = '00157';
export const SECRET = new Uint8Array(32).fill(7);
export const idOf = (digit: number): string => `00000000-0000-4000-8000-00000000000${digit}`;

export const endpoint = (url = 'ws://task') => ({
  room_id: ROOM_ID,
  client_id: idOf(0),
  ticket: 'A'.repeat(43),
  url,
});

/** A welcome in slot 9, with clients 1, 2, … in slots 1, 2, … */
export const welcomeOf = (...digits: number[]): Welcome => ({
  type: 'welcome',
  room_id: ROOM_ID,
  epoch: 1,
  slot: 9,
  clients: digits.map((slot) => ({ slot, client_id: idOf(slot) })),
  limits: RELAY_LIMITS,
  resume_grace_ms: 15_000,
});

export const PLAIN_CONFIG: EngineConfig = {
  dead_after_ms: 12_000,
  close_timeout_ms: 2_000,
  sealing: undefined,
};
export const SEALED_CONFIG: EngineConfig = {
  ...PLAIN_CONFIG,
  sealing: { room_id: ROOM_ID, secret: SECRET, max_peers: 64 },
};

export class FakeSocket implements Socket {
  readonly url: string;
  readonly events: SocketEvents;
  readonly sent: (string | Bytes)[] = [];
  readonly closed: unknown[] = [];
  open = true;
  bufferedAmount = 0;

  constructor(url: string, events: SocketEvents) {
    this.url = url;
    this.events = events;
  }

  send(data: string | Bytes): void {
    this.sent.push(data);
  }

  close(code?: 1000): void {
    this.closed.push(code);
  }

  abandon(): void {
    this.open = false;
    this.closed.push('abandoned');
  }

  tell(control: RelayControl): void {
    this.events.message(JSON.stringify(control));
  }

  give(bytes: Bytes): void {
    this.events.message(bytes.slice().buffer);
  }

  end(code: number, reason = ''): void {
    this.open = false;
    this.events.close(code, reason);
  }
}

/** Sockets as they are opened, the latest last. */
export function fakeSockets(): { sockets: FakeSocket[]; openSocket: OpenSocket } {
  const sockets: FakeSocket[] = [];
  return {
    sockets,
    openSocket(url, _protocols, events) {
      const socket = new FakeSocket(url, events);
      sockets.push(socket);
      return socket;
    },
  };
}

/** A channel that seals nothing: a test tells its events itself. */
export class FakeChannel implements Channel {
  readonly events: ChannelEvents;
  /** Each call, by its name and arguments. */
  readonly calls: unknown[][] = [];
  /** What `bye` waits for. */
  farewell: Promise<void> = Promise.resolve();
  number: Promise<string> = Promise.resolve('00000 11111 22222 33333 44444 55555');

  constructor(events: ChannelEvents) {
    this.events = events;
  }

  welcome(welcome: Welcome): void {
    this.calls.push(['welcome', welcome]);
  }
  joined(message: Joined): void {
    this.calls.push(['joined', message]);
  }
  left(message: Left): void {
    this.calls.push(['left', message]);
  }
  arrived(): void {
    this.calls.push(['arrived']);
  }
  disconnected(): void {
    this.calls.push(['disconnected']);
  }
  receive(frame: Bytes): void {
    this.calls.push(['receive', frame]);
  }
  send(frame: OutgoingFrame): void {
    this.calls.push(['send', frame]);
  }
  tick(): void {
    this.calls.push(['tick']);
  }
  bye(): Promise<void> {
    this.calls.push(['bye']);
    return this.farewell;
  }
  safetyNumber(): Promise<string> {
    return this.number;
  }
  invite(to: readonly string[], room_id: string, secret: Bytes): Promise<string[]> {
    this.calls.push(['invite', to, room_id, secret]);
    return Promise.resolve([...to]);
  }
  close(): void {
    this.calls.push(['close']);
  }

  /** The names of its calls so far. */
  get called(): unknown[] {
    return this.calls.map(([name]) => name);
  }
}

/** What an engine told: names of events and their values. */
export function listening(): { events: EngineEvents; told: unknown[][] } {
  const told: unknown[][] = [];
  const note =
    (name: string) =>
    (...values: unknown[]): void =>
      void told.push([name, ...values]);
  return {
    told,
    events: {
      securing: note('securing'),
      welcome: note('welcome'),
      peer: note('peer'),
      moved: note('moved'),
      arrived: note('arrived'),
      strayed: note('strayed'),
      reopening: note('reopening'),
      frame: note('frame'),
      standing: note('standing'),
      trouble: note('trouble'),
      fault: note('fault'),
      hint: note('hint'),
      move: note('move'),
      closed: note('closed'),
      dead: note('dead'),
    },
  };
}
