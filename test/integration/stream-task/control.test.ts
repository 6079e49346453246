import { describe, expect, it } from 'vitest';
import { encodeFrame, FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import { eventually } from '../../support/inbox.ts';
import { newClient, newRoomId, startTestRelay, type Peer } from '../../support/relay.ts';

type Two = [Peer, Peer];

const HEADER = { class: FRAME_CLASS.MSG, droppable: false, keyframe: false, e2e: false, layer: 0, stream: 0 };

/** Something that the others see, to show that nothing came before it. */
function marker(from: Peer): Uint8Array {
  return encodeFrame({ ...HEADER, source: from.slot, destination: TO_ALL }, Buffer.from('marker'));
}

async function expectMarker(from: Peer, to: Peer): Promise<void> {
  from.send(marker(from));
  expect((await to.next()).data.equals(marker(from))).toBe(true);
}

describe('control of anteroom.v1', () => {
  it('[R21] [R22] [R23] welcomes a client first, with its slot, the others and the limits', async () => {
    await using relay = await startTestRelay({
      MAX_FRAME_BYTES: 2_048,
      MESSAGE_RATE: 50,
      BYTE_RATE: 9_000,
      SEND_BUDGET: 99_000,
      RESUME_GRACE: 7_000,
    });
    const room_id = newRoomId();
    const clients = [newClient(), newClient(), newClient()] as const;
    await relay.register(room_id, [...clients], { epoch: 42, max_clients: 3 });
    const first = await relay.connect(room_id, clients[0]);
    expect(await first.welcomed()).toEqual({
      type: 'welcome',
      room_id,
      epoch: 42,
      slot: first.slot,
      clients: [],
      limits: {
        max_frame_bytes: 2_048,
        max_control_bytes: 4_096,
        messages_per_second: 50,
        bytes_per_second: 9_000,
        send_budget_bytes: 99_000,
        max_clients: 3,
      },
      resume_grace_ms: 7_000,
    });
    const second = await relay.connect(room_id, clients[1]);
    expect((await second.welcomed()).clients).toEqual([
      { slot: first.slot, client_id: clients[0].client_id },
    ]);
    expect(await first.control('joined')).toEqual({
      type: 'joined',
      slot: second.slot,
      client_id: clients[1].client_id,
    });
    expect(second.slot).not.toBe(first.slot);
    await expectMarker(first, second);
  });

  it('[R24] tells that a connection broke, and later that the client is gone', async () => {
    await using relay = await startTestRelay({ RESUME_GRACE: 100 });
    const { room_id, clients, peers } = await relay.room(2);
    const [a, b] = peers as Two;
    b.ws.terminate();
    const who = { type: 'left', slot: b.slot, client_id: clients[1]!.client_id };
    expect(await a.control('left')).toEqual({ ...who, reason: 'resuming' });
    expect(relay.removals).toEqual([]);
    expect(await a.control('left')).toEqual({ ...who, reason: 'gone' });
    expect(relay.removals).toEqual([{ room_id, epoch: 1, client_id: clients[1]!.client_id, generation: 1 }]);
  });

  it('[R22] [R23] [R29] gives a client that comes back in time its slot again', async () => {
    await using relay = await startTestRelay({ RESUME_GRACE: 60_000 });
    const { room_id, clients, peers } = await relay.room(2);
    const [a, b] = peers as Two;
    b.ws.close();
    await a.control('left');
    const again = await relay.connect(room_id, clients[1]!);
    expect((await again.welcomed()).slot).toBe(b.slot);
    expect(await a.control('joined')).toEqual({
      type: 'joined',
      slot: b.slot,
      client_id: clients[1]!.client_id,
    });
    await expectMarker(again, a);
    expect(relay.removals).toEqual([]);
    expect(relay.connects.filter(({ client_id }) => client_id === clients[1]!.client_id)).toHaveLength(2);
  });

  it('[R27] [R31] takes a leave: closes 1000, tells the others, and the seat is gone', async () => {
    await using relay = await startTestRelay();
    const { room_id, clients, peers } = await relay.room(2);
    const [a, b] = peers as Two;
    b.send('{"type":"leave"}');
    expect((await b.closed).code).toBe(1000);
    expect(await a.control('left')).toMatchObject({ slot: b.slot, reason: 'gone' });
    expect(relay.removals).toEqual([{ room_id, epoch: 1, client_id: clients[1]!.client_id, generation: 1 }]);
    expect((await (await relay.connect(room_id, clients[1]!)).closed).code).toBe(4401);
  });

  it('[R20] ignores control that it does not know, and fields that it does not know', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(2);
    const [a, b] = peers as Two;
    a.send('{"type":"invented","x":[1]}');
    a.send('{"type":"welcome"}');
    a.send(`{"type":"padding","x":"${'x'.repeat(4_096 - 27)}"}`);
    await expectMarker(a, b);
    a.send('{"type":"leave","why":"bored"}');
    expect((await a.closed).code).toBe(1000);
  });

  it.each([
    ['no JSON', 'hello'],
    ['cut off', '{"type":"leave"'],
    ['an array', '[]'],
    ['null', 'null'],
    ['without a type', '{"kind":"leave"}'],
    ['with a type that is no string', '{"type":1}'],
    ['empty', ''],
  ])('[R20] closes 4400 on control that is %s', async (_what, text) => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(1);
    peers[0]!.send(text);
    expect((await peers[0]!.closed).code).toBe(4400);
  });

  it('[R20] closes 4413 on control over 4,096 bytes', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(1);
    peers[0]!.send(`{"type":"padding","x":"${'x'.repeat(4_097 - 25)}"}`);
    expect((await peers[0]!.closed).code).toBe(4413);
  });

  it('[R25] says alive after silence, and not before', async () => {
    await using relay = await startTestRelay({}, { tick: 20, alive_after: 200 });
    const { peers } = await relay.room(1);
    const since = performance.now();
    await peers[0]!.control('alive');
    expect(performance.now() - since).toBeGreaterThan(190);
    await peers[0]!.control('alive');
  });

  it('[R13] [R42] says no alive in a raw room', async () => {
    await using relay = await startTestRelay({}, { tick: 5, alive_after: 10 });
    const v1 = await relay.room(1);
    const { peers } = await relay.room(2, 'anteroom.raw.v1');
    for (let n = 0; n < 3; n++) await v1.peers[0]!.control('alive');
    peers[0]!.send('first');
    expect((await peers[1]!.next()).data.toString()).toBe('first');
  });

  it('[R28] [R22] lets a newer connection replace the old one, unseen by the others', async () => {
    await using relay = await startTestRelay();
    const { room_id, clients, peers } = await relay.room(2);
    const [a, b] = peers as Two;
    const again = await relay.connect(room_id, clients[1]!);
    expect((await again.welcomed()).slot).toBe(b.slot);
    b.send('{"type":"leave"}');
    b.send(encodeFrame({ ...HEADER, source: b.slot, destination: TO_ALL }, Buffer.from('from the old one')));
    expect(await b.closed).toEqual({ code: 4409, reason: 'replaced' });
    await expectMarker(again, a);
    await expectMarker(a, again);
    expect(relay.removals).toEqual([]);
    await eventually(() => relay.relay.registry.clients === 2);
  });
});
