/** A relay on each of the ways that its WebSockets can take, with clients that are registered without a call. */
import { readFileSync } from 'node:fs';
import type { Protocol } from '../../shared/protocol/subprotocol.ts';
import type { RelayConfig } from '../../stream-task/server.ts';
import type { Timing } from '../../stream-task/timing.ts';
import { eventually } from './inbox.ts';
import { newClient, newRoomId, seatOf, startTestRelay, type Peer, type TestRelay } from './relay.ts';

/** The fast lane, that of the ws library, and TLS, which takes the latter. */
export const LANES = ['fast', 'ws', 'tls'] as const;
export type Lane = (typeof LANES)[number];

const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

export function startLane(
  lane: Lane,
  config: Partial<RelayConfig> = {},
  timing: Partial<Timing> = {},
): Promise<TestRelay> {
  const tls = { cert: fixture('tls-cert.pem'), key: fixture('tls-key.pem') };
  const way = lane === 'ws' ? ('ws' as const) : ('fast' as const);
  return startTestRelay({ LANE: way, ...config }, timing, lane === 'tls' ? { tls } : {});
}

/** Registers `count` clients in a new room, without a socket to the relay. */
export function seat(
  relay: TestRelay,
  count: number,
): { room_id: string; clients: ReturnType<typeof newClient>[] } {
  const room_id = newRoomId();
  const clients = Array.from({ length: count }, newClient);
  const seats = clients.map((client) => seatOf(client));
  relay.relay.registry.register({ room_id, created_at: 1, epoch: 1, max_clients: count, clients: seats });
  return { room_id, clients };
}

/** A room of `count` clients that are all connected; in a v1 room all that was said of them is read. */
export async function fill(
  relay: TestRelay,
  count: number,
  protocol: Protocol,
): Promise<{ room_id: string; peers: Peer[] }> {
  const { room_id, clients } = seat(relay, count);
  const before = relay.relay.registry.clients;
  const peers: Peer[] = [];
  for (const client of clients) {
    const peer = await relay.connect(room_id, client, protocol, { rejectUnauthorized: false });
    peers.push(peer);
    await eventually(() => relay.relay.registry.clients === before + peers.length);
    if (protocol === 'anteroom.raw.v1') continue;
    await peer.welcomed();
    for (const other of peers.slice(0, -1)) await other.control('joined');
  }
  return { room_id, peers };
}
