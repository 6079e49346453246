/** Sealed rooms on the whole stack: full ones, outsiders, and whatever may break under them. No message is lost or repeated. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  FRAME_CLASS,
  joinUnencryptedRoom,
  type Room,
  type SealedRoom,
} from '../../../client/src/node/index.ts';
import { describeDynamo } from '../../support/dynamodb.ts';
import { broken, identities, sealed, SealedRooms, together } from '../../support/sealed-rooms.ts';
import { SealedTalk } from '../../support/sealed-talk.ts';
import { type Stack, startStack } from '../../support/stack.ts';

const LIMIT_MS = 90_000;
const HELLO_BYTES = 198;
const WAIT = { timeout: 20_000 };

describeDynamo('sealed rooms', () => {
  let stack: Stack;
  let rooms: SealedRooms;
  /** With their first member each. */
  let firsts: SealedRoom[];
  let beside: [SealedRoom, SealedRoom];
  /** To be left when all is over: till then their task stays full. */
  const lasting: Room[] = [];
  beforeAll(async () => {
    stack = await startStack({
      env: {
        STORE: 'dynamodb',
        STREAM_TASKS: '4',
        ROOM_CAPACITY: '3',
        HEARTBEAT: '2s',
        LEASE: '5s',
      },
    });
    rooms = new SealedRooms(stack.url);
    firsts = await rooms.createApart(4, 8);
    // On one task that lives on: three rooms are all that it takes, so that no other comes there and is killed with it.
    const [, , , calm] = firsts;
    beside = [await rooms.createBeside(calm!, 4), await rooms.createBeside(calm!, 8)];
  });
  afterAll(async () => {
    await Promise.all(lasting.map((room) => room.leave()));
    await stack.stop();
  });

  /** Breaks the connections of `members`; resolves when all of them are back, as who they were, and hear each other. */
  async function survive(members: readonly SealedRoom[], talk: SealedTalk, fault: () => Promise<unknown>) {
    const before = await identities(members);
    expect(before.numbers).toHaveLength(1);
    const noticed = broken(members);
    await fault();
    await noticed;
    await together(members);
    await talk.goesOn();
    expect(await identities(members)).toEqual(before);
  }

  async function end(talk: SealedTalk, members: readonly SealedRoom[]): Promise<void> {
    lasting.push(...members);
    expect(await talk.end()).toEqual([]);
    expect(members.map(({ security }) => security.status)).toEqual(members.map(() => 'sealed'));
  }

  /** `over`: called when nothing breaks any more. */
  async function killedTwice(first: SealedRoom, over: () => void): Promise<void> {
    const members = await rooms.fill(first, 4);
    const talk = new SealedTalk(members);
    await talk.goesOn();
    await survive(members, talk, async () => stack.kill(await rooms.taskOf(first)));

    // The second time somebody leaves, and somebody comes, while nobody is connected.
    const noticed = broken(members);
    const task_id = await rooms.taskOf(first);
    await stack.kill(task_id);
    await noticed;
    const [leaver, ...stay] = members;
    talk.remove(leaver!);
    await leaver!.leave();
    const all = [...stay, await rooms.join(first.link)];
    await together(all);
    talk.add(all.at(-1)!);
    await talk.goesOn();
    over();
    expect(await rooms.taskOf(first)).not.toBe(task_id);
    expect((await identities(stay)).numbers).toHaveLength(1);
    await end(talk, all);
  }

  async function drained(first: SealedRoom): Promise<void> {
    const members = await rooms.fill(first, 3);
    const talk = new SealedTalk(members);
    await talk.goesOn();
    const task_id = await rooms.taskOf(first);
    const before = await identities(members);
    await stack.kill(task_id, 'SIGTERM');
    // They follow without a break, unless they come to one of those that are killed or frozen.
    await vi.waitFor(async () => expect(await rooms.taskOf(first)).not.toBe(task_id), WAIT);
    await together(members);
    await talk.goesOn();
    expect(await identities(members)).toEqual(before);
    await end(talk, members);
  }

  /** Longer than its lease, and until nobody waits for it any more: twelve seconds and some. */
  async function frozen(first: SealedRoom): Promise<void> {
    const members = await rooms.fill(first, 3);
    const talk = new SealedTalk(members);
    await talk.goesOn();
    const task_id = await rooms.taskOf(first);
    await survive(members, talk, () => stack.freeze(task_id));
    // What it held goes out now.
    await stack.thaw(task_id);
    await talk.goesOn();
    expect(await rooms.taskOf(first)).not.toBe(task_id);
    await end(talk, members);
  }

  async function oneCutOff(first: SealedRoom): Promise<void> {
    const others = await rooms.fill(first, 2);
    const { room: cut, proxy } = await rooms.joinThroughProxy(first.link);
    const members = [...others, cut];
    await sealed(members);
    const states: string[] = [];
    for (const room of others) room.on('state', ({ status }) => states.push(status));
    const talk = new SealedTalk(members);
    await talk.goesOn();
    const before = await identities(members);

    const noticed = broken([cut]);
    proxy.reset();
    await noticed;
    await together(members);
    await talk.goesOn();

    // In silence. What the old connection held comes through when the new one is made.
    const noticed_late = broken([cut]);
    await proxy.set({ mode: 'cut' });
    await noticed_late;
    await proxy.set({ mode: 'pass' });
    await together(members);
    await talk.goesOn();
    expect(await identities(members)).toEqual(before);
    expect(states, 'of those whose connections held').toEqual([]);
    await end(talk, members);
    await proxy.close();
  }

  it.concurrent(
    'lose no message and repeat none: killed twice, drained and frozen tasks, one connection cut, the router restarted',
    async () => {
      const [a, b, c, d] = firsts;
      const killed = Promise.withResolvers<void>();
      const draining = drained(b!);
      // While others still wait for what does not answer.
      const restarted = Promise.all([killed.promise, draining]).then(() => stack.restartRouter());
      const faults = [killedTwice(a!, killed.resolve), draining, restarted, frozen(c!), oneCutOff(d!)];
      expect(await Promise.all(faults)).toHaveLength(faults.length);
    },
    LIMIT_MS,
  );

  /** All that a client is told of others: what frames hold, and whom errors name, for which reason. */
  function earOf(room: Room): { heard: string[]; refused: string[] } {
    const ear = { heard: [] as string[], refused: [] as string[] };
    room.on('frame', ({ payload }) => ear.heard.push(Buffer.from(payload).toString('latin1')));
    room.on('error', ({ error, from, reason }) => ear.refused.push(`${from}: ${reason ?? error.code}`));
    return ear;
  }

  it.concurrent(
    'are closed to who has a seat but not the link: it reads nothing, says nothing that is shown, and all see it',
    async () => {
      const members = await rooms.fill(beside[0], 2);
      const [{ link, room_id }] = members as [SealedRoom, SealedRoom];
      const before = await identities(members);
      const ears = members.map(earOf);
      const wrong = new URL(link);
      wrong.hash = randomBytes(32).toString('base64url');
      const outsiders = await Promise.all([
        joinUnencryptedRoom({ router: stack.url, room_id }),
        rooms.join(wrong.href),
      ]);
      lasting.push(...members, ...outsiders);
      const [plain, locked_out] = outsiders.map(({ client_id }) => client_id) as [string, string];
      const [plain_ear, locked_ear] = outsiders.map(earOf) as [
        ReturnType<typeof earOf>,
        ReturnType<typeof earOf>,
      ];

      for (const [at, member] of members.entries()) {
        const sealed_ids = [before.ids[1 - at]];
        await vi.waitFor(() => {
          expect(member.security).toMatchObject({
            status: 'partly_sealed',
            sealed: sealed_ids,
            securing: [],
          });
          expect(member.security).toHaveProperty('unsealed.length', 2);
        }, WAIT);
        expect(member.members.filter(({ sealed: is }) => is).map(({ client_id }) => client_id)).toEqual(
          sealed_ids,
        );
        for (const to of [plain, locked_out]) expect(member.sendText('to you', { to })).toBe(false);
      }
      expect(outsiders[1].security).toMatchObject({ status: 'partly_sealed', sealed: [] });

      for (const room of [...members, ...outsiders]) {
        expect(room.sendText(`word of ${room.client_id}`)).toBe(true);
        expect(room.send(FRAME_CLASS.POSE, Buffer.from(`pose of ${room.client_id}`))).toBe(true);
      }
      for (const [at, { heard, refused }] of ears.entries()) {
        const other = before.ids[1 - at];
        const named = [`${plain}: not_sealed`, `${locked_out}: hello`, `${locked_out}: no_key`];
        await vi.waitFor(() => expect(refused).toEqual(expect.arrayContaining(named)), WAIT);
        await vi.waitFor(() => expect(heard).toHaveLength(2), WAIT);
        expect(heard.toSorted()).toEqual([`pose of ${other}`, `word of ${other}`]);
        expect(refused.filter((sentence) => !named.includes(sentence))).toEqual([]);
      }
      await vi.waitFor(() => {
        for (const id of before.ids) {
          expect(plain_ear.refused).toContain(`${id}: protocol`);
          expect(locked_ear.refused).toContain(`${id}: no_key`);
        }
      }, WAIT);
      expect(locked_ear.heard).toEqual([]);
      // HELLO, which is said in clear.
      expect(
        plain_ear.heard.filter((text) => !text.startsWith('\u0001') || text.length !== HELLO_BYTES),
      ).toEqual([]);
      expect(await identities(members)).toEqual(before);
    },
  );

  it.concurrent('take in eight members at once', async () => {
    const [, first] = beside;
    const started = performance.now();
    const members = await rooms.fill(first, 8);
    const ms = Math.round(performance.now() - started);
    const { frames, bytes } = rooms.sentIn(first.room_id);
    process.stdout.write(
      `8 members sealed after ${ms} ms; they have sent ${frames} frames, ${bytes} bytes\n`,
    );
    expect((await identities(members)).numbers).toHaveLength(1);
    const talk = new SealedTalk(members);
    await talk.goesOn();
    expect(talk.complaints).toEqual([]);
    await end(talk, members);
  });
});
