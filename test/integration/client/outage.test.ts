/** Outages in which the router is there, but has no task for the room: the control channel tells of the next place. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ControlDouble } from '../../support/control-double.ts';
import type { ControlOptions } from '../../support/control-double.ts';
import { problemAnswer } from '../../support/router-double.ts';
import type { Answer } from '../../support/router-double.ts';
import { create, inbox, isClosed, isLive, startRelay, startRouter } from './setup.ts';

const ROOM = '00157';
/** Nobody would wait so long, if nothing told otherwise. */
const NO_TASK = problemAnswer('no_task_available', { 'retry-after': '600' });

/** A room that has lost its task; the router answers the resume with `answer`. */
async function lostRoom(answer: Answer, options?: ControlOptions) {
  const [relay, elsewhere] = await Promise.all([startRelay(), startRelay()]);
  const control = await ControlDouble.start(options);
  onTestFinished(() => control.stop());
  const router = await startRouter(relay.url);
  router.alter = (grant) => ({ ...grant, control_url: control.url });
  const room = await create({ router: router.url });
  const peer = await relay.connections.next();
  const states = inbox(room, 'state');
  await router.requests.next();
  router.answer(answer);
  peer.socket.terminate();
  router.relay_url = elsewhere.url;
  const told = (epoch: number) => ({ type: 'room.moved' as const, room_id: ROOM, url: elsewhere.url, epoch });
  return { router, control, room, peer, states, told };
}

describe('a room that has lost its task, where there is no other', () => {
  it('comes back as soon as the control channel tells of a place, and not before', async () => {
    const { router, control, room, states, told } = await lostRoom(NO_TASK);
    const channel = await control.connections.next();
    const { room_id, client_id, ticket } = room.seat;
    expect(channel.offers[1]).toBe(`${room_id}.${client_id}.${ticket}`);
    expect(await channel.messages.next()).toEqual({ type: 'sync' });
    await router.requests.next();
    // What is known already, and what means nothing yet, is no news.
    channel.tell(told(1));
    channel.tell({ type: 'room.pending', room_id: ROOM, expires_at: Date.now() });
    router.answer(NO_TASK);
    channel.tell(told(2));
    await router.requests.next();
    // The router did not know of it yet: it is not asked again for the same news.
    expect(await channel.messages.next()).toEqual({ type: 'sync' });
    channel.tell(told(2));
    channel.tell(told(3));
    await states.nextThat(isLive);
    expect((await router.requests.next()).path).toBe('/join-room');
    await channel.closed;
    expect(room.sendText('here again')).toBe(true);
  });

  it('is waited for where it is pending', async () => {
    const pending = { status: 202, body: '' };
    const { router, control, states, told, room } = await lostRoom(pending);
    const { room_id, client_id, ticket } = room.seat;
    const seat = { room_id, client_id, ticket, max_clients: 10, epoch: 1 };
    pending.body = JSON.stringify({ ...seat, state: 'pending', expires_at: Date.now() + 60_000 });
    expect(await states.nextThat(({ status }) => status === 'reconnecting')).toMatchObject({ attempt: 1 });
    const channel = await control.connections.next();
    await channel.messages.next();
    channel.tell(told(2));
    await states.nextThat(isLive);
    await router.requests.next();
    await channel.closed;
  });

  it('is over when the channel says so and the router agrees', async () => {
    const { router, control, states } = await lostRoom(NO_TASK);
    const channel = await control.connections.next();
    await channel.messages.next();
    router.answer(NO_TASK, problemAnswer('room_not_found'));
    const closed = { type: 'room.closed' as const, room_id: ROOM, reason: 'gone' as const };
    channel.tell(closed);
    await channel.messages.next();
    channel.tell(closed);
    channel.tell({ type: 'room.moved', room_id: ROOM, url: 'ws://127.0.0.1:9', epoch: 2 });
    expect(await states.nextThat(isClosed)).toEqual({ status: 'closed', reason: { kind: 'gone' } });
    await channel.closed;
  });

  it('asks no control channel when it is left, or where there is none', async () => {
    const { control, room, states } = await lostRoom(NO_TASK);
    const channel = await control.connections.next();
    await room.leave();
    await channel.closed;
    expect(await states.nextThat(isClosed)).toMatchObject({ reason: { kind: 'left' } });

    const relay = await startRelay();
    const router = await startRouter(relay.url);
    const openSocket = vi.fn<() => never>();
    const other = await create({ router: router.url, platform: { openSocket } });
    const others = inbox(other, 'state');
    router.answer(problemAnswer('no_task_available'));
    (await relay.connections.next()).socket.terminate();
    await others.nextThat(isLive);
    expect(openSocket).not.toHaveBeenCalled();
  });
});
