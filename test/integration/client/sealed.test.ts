/** Sealed rooms with their real encryption, over real sockets. */
import { describe, expect, it } from 'vitest';
import { FRAME_CLASS, HEADER_BYTES } from '../../../shared/protocol/frame.ts';
import type { SealedRoom } from '../../../client/src/types.ts';
import { createSealed, inbox, isLive, join, joinSealed, startRelay, startRouter } from './setup.ts';

const SECRET_LINK = `https://app.example/r/00157#${'A'.repeat(43)}`;

async function relayAndRouter() {
  const relay = await startRelay();
  return { relay, router: await startRouter(relay.url) };
}

/** Ann, who made the room, and Bob, whom she has been told of. */
async function annAndBob() {
  const { relay, router } = await relayAndRouter();
  const ann = await createSealed({ router: router.url, page: 'https://app.example/talk' });
  const joined = inbox(ann, 'joined');
  const bob = await joinSealed(ann.link, { router: router.url });
  const peers = { ann: await relay.connections.next(), bob: await relay.connections.next() };
  return { relay, router, ann, bob, peers, joined: await joined.next() };
}

const statuses = (room: SealedRoom): string[] => {
  const seen: string[] = [];
  room.on('state', ({ status }) => seen.push(status));
  return seen;
};

describe('a sealed room', () => {
  it('is made with a link, and entered by it alone', async () => {
    const { router, ann, bob, joined } = await annAndBob();
    expect(ann.link).toMatch(/^https:\/\/app\.example\/talk\/r\/00157#[\w-]{43}$/);
    expect(bob.link).toBe(ann.link);
    expect(joined).toEqual({ client_id: bob.client_id, sealed: true });
    expect(bob.members).toEqual([{ client_id: ann.client_id, sealed: true }]);
    for (const [room, other] of [
      [ann, bob],
      [bob, ann],
    ] as const) {
      expect(room.security).toEqual({
        status: 'sealed',
        sealed: [other.client_id],
        securing: [],
        unsealed: [],
        disagreeing: [],
      });
    }
    const number = await ann.safetyNumber();
    expect(number).toMatch(/^(\d{5} ){5}\d{5}$/);
    expect(await bob.safetyNumber()).toBe(number);
    // The router learned nothing of the secret.
    const asked = [await router.requests.next(), await router.requests.next()];
    expect(asked.map(({ body }) => body)).toEqual([{}, { room_id: '00157' }]);
    expect(JSON.stringify(asked)).not.toContain(new URL(ann.link).hash.slice(1));
  });

  it('is sealed for who is alone in it', async () => {
    const { router } = await relayAndRouter();
    const ann = await createSealed({ router: router.url });
    expect(ann.security).toMatchObject({ status: 'sealed', sealed: [] });
    expect(ann.link.startsWith(`${router.url}/r/00157#`)).toBe(true);
  });

  it('carries frames to all and to one, and no byte of them in clear', async () => {
    const { ann, bob, peers } = await annAndBob();
    const frames = inbox(bob, 'frame');
    const messages = inbox(bob, 'message');
    const payload = Uint8Array.from({ length: 64 }, (_, n) => n);
    const options = { stream: 3, layer: 1, droppable: true, keyframe: true };
    expect(ann.send(FRAME_CLASS.VIDEO, payload, options)).toBe(true);
    expect(ann.send(FRAME_CLASS.MSG, payload, { to: bob.client_id })).toBe(true);
    const from = ann.client_id;
    expect(await frames.next()).toEqual({
      from,
      class: FRAME_CLASS.VIDEO,
      ...options,
      unicast: false,
      payload,
    });
    expect(await frames.next()).toMatchObject({ from, class: FRAME_CLASS.MSG, unicast: true, payload });
    expect(await messages.next()).toMatchObject({ from, unicast: true, data: payload });
    for (let n = 0; n < 2; n++) {
      const sent = await peers.ann.frames.nextThat((frame) => frame.length > 64 && frame[0]! % 2 === 1);
      expect(sent.includes(Buffer.from(payload.subarray(0, 8)))).toBe(false);
    }
  });

  it('takes as much as a frame has room for', async () => {
    const { ann, bob } = await annAndBob();
    const messages = inbox(bob, 'message');
    const most = ann.limits!.max_frame_bytes - HEADER_BYTES - 25 - 64;
    expect(ann.send(FRAME_CLASS.MSG, new Uint8Array(most))).toBe(true);
    expect((await messages.next()).data.length).toBe(most);
    expect(() => ann.send(FRAME_CLASS.MSG, new Uint8Array(most + 1))).toThrow(/payload has 930 bytes/);
    expect(() => ann.send(FRAME_CLASS.CTRL, new Uint8Array(1))).toThrow(/class CTRL/);
  });

  it('keeps its keys over a break, and what is said while it secures itself waits', async () => {
    const { ann, bob, peers } = await annAndBob();
    const states = inbox(ann, 'state');
    const seen = statuses(ann);
    const messages = inbox(bob, 'message');
    const joined = inbox(bob, 'joined');
    const number = await ann.safetyNumber();
    peers.ann.socket.terminate();
    await states.nextThat(({ status }) => status === 'securing');
    expect(ann.send(FRAME_CLASS.POSE, new Uint8Array(1))).toBe(false);
    expect(ann.sendText('while securing')).toBe(true);
    await states.nextThat(isLive);
    expect(ann.sendText('live')).toBe(true);
    expect((await messages.next()).text()).toBe('while securing');
    expect((await messages.next()).text()).toBe('live');
    expect(seen).toEqual(['reconnecting', 'securing', 'live']);
    expect(await joined.next()).toEqual({ client_id: ann.client_id, sealed: true });
    expect(await ann.safetyNumber()).toBe(number);
  });

  it('is entered in an earlier seat, as somebody new', async () => {
    const { router, ann, bob } = await annAndBob();
    const joined = inbox(ann, 'joined');
    const before = await ann.safetyNumber();
    const { room_id: _, ...resume } = bob.seat;
    const again = await joinSealed(bob.link, { router: router.url, resume });
    expect(again.client_id).toBe(bob.client_id);
    expect(await joined.nextThat(({ sealed }) => sealed)).toMatchObject({ client_id: bob.client_id });
    const messages = inbox(again, 'message');
    ann.sendText('welcome back');
    expect((await messages.next()).text()).toBe('welcome back');
    expect(await ann.safetyNumber()).not.toBe(before);
  });

  it('names who sends what is not sealed, and shows none of it', async () => {
    const { router, ann, bob } = await annAndBob();
    const shown = inbox(ann, 'message');
    const errors = inbox(ann, 'error');
    const outsider = await join({ router: router.url, room_id: ann.room_id });
    const overheard = inbox(outsider, 'error');
    outsider.sendText('let me in');
    expect(await errors.nextThat(({ reason }) => reason === 'not_sealed')).toMatchObject({
      error: { code: 'unreadable', message: expect.stringContaining('without the link') },
      from: outsider.client_id,
      count: 1,
    });
    // It is not announced before it is sealed, or its time for that is over; nothing can be sent to it.
    expect(ann.security).toMatchObject({ status: 'securing', securing: [outsider.client_id] });
    expect(ann.members.map(({ client_id }) => client_id)).toEqual([bob.client_id]);
    expect(ann.sendText('hello', { to: outsider.client_id })).toBe(false);
    ann.sendText('among us');
    expect(await overheard.nextThat(({ error }) => error.message.includes('sealed'))).toMatchObject({
      from: ann.client_id,
    });
    bob.sendText('the first that is shown');
    expect((await shown.next()).text()).toBe('the first that is shown');
  });

  it('is left with a word to the others, and says no number after that', async () => {
    const { ann, bob } = await annAndBob();
    const left = inbox(ann, 'left');
    await bob.leave();
    expect(await left.next()).toEqual({ client_id: bob.client_id, gone: true });
    await expect(bob.safetyNumber()).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('moving on', () => {
  it('invites all who are sealed but those who are left out', async () => {
    const { router, ann, bob } = await annAndBob();
    const joined = inbox(ann, 'joined');
    const eve = await joinSealed(ann.link, { router: router.url });
    await joined.next();
    const invited = { bob: inbox(bob, 'move'), eve: inbox(eve, 'move') };
    const heard = inbox(eve, 'message');
    router.alter = (grant) => ({ ...grant, room_id: '00158' });
    const next = await ann.moveWithout([eve.client_id]);
    router.alter = (grant) => grant;
    expect(next).toMatchObject({ room_id: '00158', state: { status: 'live' } });
    expect(new URL(next.link).hash).not.toBe(new URL(ann.link).hash);

    const { from, room_id, link } = await invited.bob.next();
    expect([from, room_id, link]).toEqual([ann.client_id, '00158', next.link]);
    const there = inbox(next, 'joined');
    const moved = await joinSealed(link, { router: router.url });
    expect(await there.next()).toEqual({ client_id: moved.client_id, sealed: true });
    expect(ann.state.status).toBe('live');
    ann.sendText('still here');
    expect((await heard.next()).text()).toBe('still here');
    invited.eve.end('nothing came');
    await expect(invited.eve.next()).rejects.toThrow('nothing came');
    await Promise.all([next.leave(), moved.leave()]);
  });

  it('makes no room for what is no list of members, or where the room is over', async () => {
    const { router } = await relayAndRouter();
    const ann = await createSealed({ router: router.url });
    await router.requests.next();
    const wrong: unknown[] = ['everybody', undefined, [7]];
    for (const ids of wrong) {
      await expect(ann.moveWithout(ids as string[])).rejects.toMatchObject({ code: 'invalid_argument' });
    }
    await expect(ann.moveWithout([], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
    await ann.leave();
    await expect(ann.moveWithout([])).rejects.toMatchObject({ code: 'closed' });
    expect(router.seats).toBe(1);
  });
});

describe('refused without asking the router', () => {
  it.each([
    ['no link', 'hello'],
    ['no secret', 'https://app.example/r/00157'],
    ['half a secret', SECRET_LINK.slice(0, -8)],
    ['a secret of other characters', `${SECRET_LINK.slice(0, -1)}!`],
    ['no room', SECRET_LINK.replace('/r/00157', '/')],
    ['what is no string', { room_id: '00157' }],
  ])('is a link with %s, whose secret is in no message', async (_, link) => {
    const refusal = await joinSealed(link as string, { router: 'http://127.0.0.1:9' }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: 'invalid_argument' });
    expect(`${(refusal as Error).message} ${(refusal as Error).stack}`).not.toContain('AAAA');
  });

  it('are options that can never do', async () => {
    const router = 'http://127.0.0.1:9';
    await expect(createSealed({ router, page: 'nowhere' })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('page must be'),
    });
    await expect(createSealed({ router: '' })).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(
      joinSealed(SECRET_LINK, { router, resume: { client_id: 'me', ticket: '' } }),
    ).rejects.toMatchObject({ message: expect.stringContaining('resume.client_id') });
  });

  it('is a page that has no WebCrypto', async () => {
    const options = { router: 'http://127.0.0.1:9', platform: { canSeal: () => false } };
    for (const entering of [createSealed(options), joinSealed(SECRET_LINK, options)]) {
      await expect(entering).rejects.toMatchObject({
        code: 'not_secure',
        message: expect.stringContaining('https://'),
      });
    }
  });
});
