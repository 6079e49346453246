import { onTestFinished } from 'vitest';
import { createRoomOn, joinRoomOn } from '../../../client/src/connect-sealed.ts';
import { createUnencryptedRoomOn, joinUnencryptedRoomOn } from '../../../client/src/connect.ts';
import { nodePlatformOn, openNodeSocket } from '../../../client/src/node/platform.ts';
import type { OpenSocket, Platform } from '../../../client/src/platform.ts';
import type { Timings } from '../../../client/src/timings.ts';
import type {
  CreateRoomOptions,
  CreateUnencryptedRoomOptions,
  JoinRoomOptions,
  JoinUnencryptedRoomOptions,
  Room,
  RoomEvents,
  SealedRoom,
} from '../../../client/src/types.ts';
import { Inbox } from '../../support/inbox.ts';
import { RelayDouble } from '../../support/relay-double.ts';
import type { RelayOptions, RelayPeer } from '../../support/relay-double.ts';
import { RouterDouble } from '../../support/router-double.ts';

/** A relay for this test. */
export async function startRelay(options?: RelayOptions): Promise<RelayDouble> {
  const relay = await RelayDouble.start(options);
  onTestFinished(() => relay.stop());
  return relay;
}

/** A router for this test whose grants point to `relay_url`. */
export async function startRouter(relay_url: string): Promise<RouterDouble> {
  const router = await RouterDouble.start(relay_url);
  onTestFinished(() => router.stop());
  return router;
}

type Extra = { timings?: Partial<Timings>; platform?: Partial<Platform>; openSocket?: OpenSocket };
const internals = ({ timings = {}, platform, openSocket = openNodeSocket }: Extra) => ({
  platform: { ...nodePlatformOn(openSocket), ...platform },
  timings,
});

function kept<R extends Room>(room: R): R {
  onTestFinished(() => room.leave());
  return room;
}

/** Attempts come without waiting, unless the test has a policy of its own. */
const EAGER = { reconnect: () => 0 };

export async function create(options: CreateUnencryptedRoomOptions & Extra): Promise<Room> {
  return kept(await createUnencryptedRoomOn(internals(options), { ...EAGER, ...options }));
}

export async function join(options: JoinUnencryptedRoomOptions & Extra): Promise<Room> {
  return kept(await joinUnencryptedRoomOn(internals(options), { ...EAGER, ...options }));
}

export async function createSealed(options: CreateRoomOptions & Extra): Promise<SealedRoom> {
  return kept(await createRoomOn(internals(options), { ...EAGER, ...options }));
}

export async function joinSealed(link: string, options: JoinRoomOptions & Extra): Promise<SealedRoom> {
  return kept(await joinRoomOn(internals(options), link, { ...EAGER, ...options }));
}

/** Every `event` of the room from now on. */
export function inbox<E extends keyof RoomEvents>(room: Room, event: E): Inbox<RoomEvents[E]> {
  const events = new Inbox<RoomEvents[E]>();
  room.on(event, (value) => events.put(value));
  return events;
}

type CreateExtra = Partial<Parameters<typeof create>[0]>;

/** A live room, and what its relay and its router see of it. */
export async function liveRoom(extra: CreateExtra = {}, relay_options?: RelayOptions) {
  const relay = await startRelay(relay_options);
  const router = await startRouter(relay.url);
  const room = await create({ router: router.url, ...extra });
  const peer = await relay.connections.next();
  await router.requests.next();
  return { relay, router, room, peer, states: inbox(room, 'state') };
}

/** What comes behind the first welcome is told from the next task on, so that there may be listeners by then. */
export const taskAfterWelcome = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

export const isLive = (state: { status: string }): boolean => state.status === 'live';
export const isClosed = (state: { status: string }): boolean => state.status === 'closed';

/** Welcomes the first connection, and does with each later one what `later` says. */
export function afterFirst(later: (peer: RelayPeer, count: number) => void) {
  let count = 0;
  return (peer: RelayPeer, relay: RelayDouble): void => {
    if (count++ === 0) relay.welcome(peer);
    else later(peer, count);
  };
}
