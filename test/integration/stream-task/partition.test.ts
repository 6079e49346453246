/** What a partition looks like to the clients of a room: the real use cases, two whole tasks, clients of the SDK. */
import { expect, it } from 'vitest';
import { joinUnencryptedRoomOn } from '../../../client/src/connect.ts';
import { createUnencryptedRoom, joinUnencryptedRoom, type Room } from '../../../client/src/node/index.ts';
import { nodePlatformOn, openNodeSocket } from '../../../client/src/node/platform.ts';
import type { Platform, Socket } from '../../../client/src/platform.ts';
import { Peer } from '../../support/relay.ts';
import { live, next, talk, together } from '../../support/rooms.ts';
import { startSmallRouter } from '../../support/small-router.ts';
import { storeBreaches } from '../../support/store-invariants.ts';
import { startWholeTask } from '../../support/whole-task.ts';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';

/** The platform of Node, whose latest socket the test can break. */
function breakable(): { platform: Platform; breakIt: () => void } {
  let socket: Socket | undefined;
  return {
    platform: nodePlatformOn((...args) => (socket = openNodeSocket(...args))),
    breakIt: () => socket?.abandon(),
  };
}

const ids = (room: Room) => room.members.map(({ client_id }) => client_id).sort();

it('[R46] [R34] clients that moved and clients that stayed are apart until the task hears from the router; then all meet', async () => {
  await using router = await startSmallRouter({ HEARTBEAT: '2s', LEASE: '5s' });
  const env = { PUBLIC_ADDRESS: '127.0.0.1', HEARTBEAT: '2s', LEASE: '5s' };
  await using first = await startWholeTask(router, { env: { ...env, TASK_ID: 'first' } });
  await first.task.registered;
  const a = await createUnencryptedRoom({ router: router.url, max_clients: 3 });
  await using second = await startWholeTask(router, { env: { ...env, TASK_ID: 'second' } });
  await second.task.registered;
  const b = await joinUnencryptedRoom({ router: router.url, room_id: a.room_id });
  const { platform, breakIt } = breakable();
  const c = await joinUnencryptedRoomOn({ platform }, { router: router.url, room_id: a.room_id });
  await Promise.all([together(a, b), together(a, c), together(b, c)]);
  const everybody = [a, b, c].map(({ client_id }) => client_id).sort();
  const before = await router.store.getRoom(a.room_id);
  expect(before).toMatchObject({ task_id: 'first', clients: 3 });

  router.cut.add('first');
  await expect
    .poll(async () => (await router.store.getTask('first'))!.lease_until < Date.now(), { timeout: 15_000 })
    .toBe(true);
  await talk(a, b, 'nothing has happened');
  const broken = next<Room['state']>(
    (listener) => c.on('state', listener),
    ({ status }) => status === 'reconnecting',
  );
  breakIt();
  await broken;
  await live(c);
  // The lease had run out and the task was silent: the room is on the other task now, with who asked for it.
  expect(await router.store.getRoom(a.room_id)).toMatchObject({
    task_id: 'second',
    epoch: before!.epoch + 1,
    clients: 3,
  });
  expect(c.members).toEqual([]);
  await talk(a, b, 'we are still together');

  router.cut.delete('first');
  await Promise.all([live(a), live(b)]);
  await Promise.all([together(a, b), together(a, c), together(b, c)]);
  await talk(a, c, 'all here');
  await talk(b, c, 'all here');
  for (const room of [a, b, c]) {
    expect([...ids(room), room.client_id].sort(), 'with their own ids').toEqual(everybody);
  }

  // The task that was cut off serves nothing of it any more, not even to tickets that are still good.
  expect(first.task.relay.registry.rooms).toBe(0);
  const old = await Peer.open(`ws://127.0.0.1:${first.task.relay.port}`, [
    'anteroom.v1',
    credentialsToken(a.seat),
  ]);
  expect(await old.closed).toEqual({ code: 4503, reason: 'moved' });
  expect(await storeBreaches(router.store, { room_ids: [a.room_id] })).toEqual([]);
  const rows = await router.store.getRoomWithClients(a.room_id);
  expect(rows?.clients.map(({ client_id }) => client_id).sort()).toEqual(everybody);
  await Promise.all([a, b, c].map((room) => room.leave()));
});
