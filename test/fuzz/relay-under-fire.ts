/** A relay whose limits are small enough to be reached, and a canary in it. */
import type { RegisterRequest } from '../../shared/protocol/api.ts';
import { Canary } from '../support/canary.ts';
import { eventually } from '../support/inbox.ts';
import {
  newClient,
  newRoomId,
  seatOf,
  startTestRelay,
  type TestClient,
  type TestRelay,
} from '../support/relay.ts';

/** Bytes of a message at most: small, so that cases beyond it are cheap. */
export const MAX_FRAME_BYTES = 8_192;

export interface UnderFire {
  relay: TestRelay;
  canary: Canary;
  /** Seats for new clients in a room of the relay, a new one unless it is named. */
  seats(count: number, room_id?: string): { room_id: string; clients: TestClient[] };
  /** Takes the seats away, and the room if there are no others. */
  clear(room_id: string, clients: readonly TestClient[]): void;
  /** Resolves when there are only the canary's sockets, room and seats. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** `handshake`: how long a request may take, ms. Short only where it does not matter if an honest one is cut off. */
export async function startUnderFire({ handshake = 10_000 } = {}): Promise<UnderFire> {
  const relay = await startTestRelay(
    {
      MAX_FRAME_BYTES,
      CONNECT_TIMEOUT: 1_000,
      RESUME_GRACE: 1_000,
      ROOM_CAPACITY: 50,
      ALLOWED_ORIGINS: ['https://app.example'],
    },
    { handshake, handshake_check: 50, close_wait: 1_000 },
  );
  const canary = await Canary.start(relay);
  const { registry } = relay.relay;
  const register = (request: Pick<RegisterRequest, 'room_id' | 'clients' | 'gone'>): void => {
    const { kind } = registry.register({ created_at: 1, epoch: 1, max_clients: 100, ...request });
    if (kind !== 'registered') throw new Error('the relay takes no more rooms: earlier ones were not let go');
  };
  return {
    relay,
    canary,
    seats(count, room_id = newRoomId()) {
      const clients = Array.from({ length: count }, newClient);
      register({ room_id, clients: clients.map((client) => seatOf(client)) });
      return { room_id, clients };
    },
    clear(room_id, clients) {
      register({
        room_id,
        clients: [],
        gone: clients.map(({ client_id }) => ({ client_id, generation: Number.MAX_SAFE_INTEGER })),
      });
    },
    async settled() {
      await canary.chirp();
      await eventually(() => relay.relay.sockets() === 2);
      await eventually(() => registry.rooms === 1 && registry.clients === 2);
      const seats = registry.snapshot().flatMap(({ clients }) => clients);
      if (seats.length !== 2) throw new Error(`${seats.length} seats in place of the canary's two`);
    },
    async stop() {
      await relay[Symbol.asyncDispose]();
      await eventually(() => relay.relay.sockets() === 0);
    },
  };
}
