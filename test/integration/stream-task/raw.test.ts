import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../../support/inbox.ts';
import { newClient, newRoomId, startTestRelay } from '../../support/relay.ts';

describe('anteroom.raw.v1', () => {
  it('[R12] relays every message byte for byte to all others, text as text', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(3, 'anteroom.raw.v1');
    const [sender, ...others] = peers as [(typeof peers)[0], ...typeof peers];
    const messages: (string | Buffer)[] = [
      'grüße 👋',
      '',
      '{"type":"leave"}',
      Buffer.alloc(0),
      ...[1, 5, 125, 126, 127, 4_096, 65_535, 65_536].map((size) => randomBytes(size)),
    ];
    for (const message of messages) sender.send(message);
    for (const other of others) {
      for (const message of messages) {
        const received = await other.next();
        expect(received.binary).toBe(typeof message !== 'string');
        expect(received.data.equals(Buffer.from(message))).toBe(true);
      }
    }
    // The sender gets nothing of its own: the first thing that it hears is another's.
    others[0]!.send('end');
    expect((await sender.next()).data.toString()).toBe('end');
  });

  it('[R12] joins the fragments of a message', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(2, 'anteroom.raw.v1');
    peers[0]!.ws.send('one ', { fin: false });
    peers[0]!.ws.send('two', { fin: true });
    expect(await peers[1]!.next()).toEqual({ data: Buffer.from('one two'), binary: false });
  });

  it('[R13] [R28] [R29] says nothing of its own while clients come, go and are replaced', async () => {
    await using relay = await startTestRelay();
    const { peers, clients, room_id } = await relay.room(3, 'anteroom.raw.v1');
    const [first, second, third] = peers as [(typeof peers)[0], (typeof peers)[0], (typeof peers)[0]];
    third.ws.terminate();
    const again = await relay.connect(room_id, clients[1]!, 'anteroom.raw.v1');
    expect((await second.closed).code).toBe(4409);
    again.send('still me');
    expect((await first.next()).data.toString()).toBe('still me');
  });

  it('[R43] keeps the order of each sender while all send at once', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(4, 'anteroom.raw.v1');
    const count = 200;
    for (let n = 0; n < count; n++) {
      for (const [index, peer] of peers.entries()) peer.send(Buffer.from([index, n]));
    }
    for (const [own, peer] of peers.entries()) {
      const next = new Map<number, number>();
      for (let n = 0; n < count * (peers.length - 1); n++) {
        const [sender, number] = (await peer.next()).data as unknown as [number, number];
        expect(sender).not.toBe(own);
        expect(number).toBe(next.get(sender) ?? 0);
        next.set(sender, number + 1);
      }
    }
  });

  it('keeps rooms apart', async () => {
    await using relay = await startTestRelay();
    const here = await relay.room(2, 'anteroom.raw.v1');
    const there = await relay.room(2, 'anteroom.raw.v1');
    here.peers[0]!.send('here');
    there.peers[0]!.send('there');
    expect((await here.peers[1]!.next()).data.toString()).toBe('here');
    expect((await there.peers[1]!.next()).data.toString()).toBe('there');
  });

  it('[R1] [R4] [R12] [R30] serves a client that was written from docs/protocol.md alone', async () => {
    await using relay = await startTestRelay();
    const room_id = newRoomId();
    const clients = [newClient(), newClient()];
    await relay.register(room_id, clients);
    const grants = clients.map((client) => ({ room_id, ...client, url: relay.url }));

    // From here on only what docs/protocol.md says: R4, then messages, then a close that gives the seat up.
    const sockets = grants.map(
      (grant) =>
        new WebSocket(grant.url, ['anteroom.raw.v1', `${grant.room_id}.${grant.client_id}.${grant.ticket}`]),
    );
    const [alice, bob] = sockets as [WebSocket, WebSocket];
    await Promise.all(sockets.map((socket) => once(socket, 'open')));
    const heard = once(bob, 'message') as Promise<[Buffer, boolean]>;
    alice.send('hello');
    const [data, binary] = await heard;
    expect([data.toString(), binary]).toEqual(['hello', false]);
    const answered = once(alice, 'message') as Promise<[Buffer, boolean]>;
    bob.send(Buffer.from([1, 2, 3]));
    expect(await answered).toEqual([Buffer.from([1, 2, 3]), true]);
    for (const socket of sockets) {
      socket.close(1000);
      expect(await once(socket, 'close')).toEqual([1000, Buffer.alloc(0)]);
    }
    await eventually(() => relay.removals.length === 2);
    expect(new Set(relay.removals.map(({ client_id }) => client_id))).toEqual(
      new Set(clients.map(({ client_id }) => client_id)),
    );
  });
});
