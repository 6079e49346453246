/** What router, database and relays get to see of a sealed room: everything is taken down, and nothing that is secret is in it. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRoomOn, joinRoomOn } from '../../../client/src/connect-sealed.ts';
import {
  createUnencryptedRoom,
  FRAME_CLASS,
  type FrameClass,
  joinUnencryptedRoom,
  type Room,
  type SealedRoom,
} from '../../../client/src/node/index.ts';
import { type Proxy, startProxy } from '../../../dev/faults/proxy.ts';
import { type Recording, recordTo } from '../../../dev/recording.ts';
import type { AvailableTasks } from '../../../shared/protocol/api.ts';
import { describeDynamo } from '../../support/dynamodb.ts';
import { KeyWatch } from '../../support/key-watch.ts';
import { ENCODINGS, LeakSearch, type Secret } from '../../support/leak-search.ts';
import { live, next } from '../../support/rooms.ts';
import { readItems } from '../../support/stack-tables.ts';
import { type Stack, startStack } from '../../support/stack.ts';
import { everyoneThere } from '../../support/talkers.ts';
import { type Place, PLACES, readTraffic } from '../../support/traffic.ts';

const PAGE = 'https://app.example/rooms';
const WAIT = { timeout: 20_000 };

/** A text that is nowhere else. */
const canary = (kind: string): Secret => ({
  name: `canary of ${kind}`,
  bytes: Buffer.from(`${randomBytes(8).toString('hex')} ${kind} ${randomBytes(8).toString('hex')}`),
});

describeDynamo('what router, database and relays see', () => {
  const watch = new KeyWatch();
  const internals = { platform: watch.platform() };
  const rooms: SealedRoom[] = [];
  /** What nobody else may know. */
  const sealed: Secret[] = [];
  let folder: string;
  let recording: Recording;
  let stack: Stack;
  /** In front of the router, for the clients. */
  let router: Proxy;
  let url: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'anteroom-recording-'));
    recording = recordTo(folder);
    const env = { STORE: 'dynamodb', LOG_LEVEL: 'debug', HEARTBEAT: '2s', LEASE: '5s' };
    stack = await startStack({ env, faults: true, record: folder });
    const port = Number(new URL(stack.url).port);
    router = await startProxy(
      () => Promise.resolve(port),
      () => recording.connection('client'),
    );
    url = `http://127.0.0.1:${router.port}`;
  });
  afterAll(async () => {
    await router.close();
    await stack.stop();
    rmSync(folder, { recursive: true });
  });

  async function enter(entering: Promise<SealedRoom>): Promise<SealedRoom> {
    const room = await entering;
    rooms.push(room);
    return room;
  }
  const create = () => enter(createRoomOn(internals, { router: url, page: PAGE, max_clients: 6 }));
  const follow = (link: string) => enter(joinRoomOn(internals, link, { router: url }));

  /** Sends a canary, and resolves when all of `to` have it. */
  async function say(
    from: Room,
    to: readonly Room[],
    frame_class: FrameClass,
    kind: string,
  ): Promise<Secret> {
    const said = canary(kind);
    const text = said.bytes.toString();
    const heard = to.map((room) =>
      next<{ payload: Uint8Array }>(
        (listener) => room.on('frame', listener),
        ({ payload }) => Buffer.from(payload).toString() === text,
      ),
    );
    const only = to.length === 1 ? { to: to[0]!.client_id } : {};
    expect(from.send(frame_class, said.bytes, only)).toBe(true);
    await Promise.all(heard);
    return said;
  }

  /** Each says something in each class to all, and something to one alone. */
  async function converse(members: readonly Room[], when: string): Promise<Secret[]> {
    const said: Secret[] = [];
    for (const member of members) {
      const others = members.filter((other) => other !== member);
      for (const [name, frame_class] of Object.entries(FRAME_CLASS)) {
        if (frame_class !== FRAME_CLASS.CTRL) said.push(await say(member, others, frame_class, name + when));
      }
      said.push(await say(member, [others[0]!], FRAME_CLASS.MSG, `word for one${when}`));
    }
    return said;
  }

  /** Takes down what is stored, and what the tasks tell of themselves. */
  async function lookAround(): Promise<void> {
    recording.output('tables')(Buffer.from(JSON.stringify(await readItems(stack.aws))));
    const { tasks } = (await (await fetch(`${url}/available-tasks`)).json()) as AvailableTasks;
    for (const task of tasks) {
      const metrics = await fetch(`${task.url.replace('ws:', 'http:')}/metrics`).catch(() => undefined);
      recording.output('metrics')(Buffer.from((await metrics?.text()) ?? ''));
    }
  }

  const isSealed = (members: readonly SealedRoom[]) => () =>
    members.every(
      ({ security }) => security.status === 'sealed' && security.sealed.length === members.length - 1,
    );

  /** By place: what of `secrets` stands there, and how it is written. */
  function findings(secrets: Iterable<Secret>): Partial<Record<Place, string[]>> {
    const search = new LeakSearch(secrets);
    const found = new Map<Place, Set<string>>();
    for (const { place, bytes } of readTraffic(folder)) {
      const here = found.get(place) ?? new Set();
      for (const { secret, encoding } of search.leaksIn(bytes))
        found.set(place, here.add(`${secret} as ${encoding}`));
    }
    return Object.fromEntries([...found].map(([place, what]) => [place, [...what].sort()]));
  }

  const secretOf = (link: string): Buffer => Buffer.from(new URL(link).hash.slice(1), 'base64url');

  it('of a whole session: no key, no secret of a link, no word', async () => {
    const anna = await create();
    const [ben, cleo, dora] = await Promise.all([follow(anna.link), follow(anna.link), follow(anna.link)]);
    await expect.poll(isSealed([anna, ben, cleo, dora]), WAIT).toBe(true);
    await lookAround();
    sealed.push(...(await converse([anna, ben, cleo, dora], '')));

    await dora.leave();
    const members = [anna, ben, cleo];
    await everyoneThere([members]);
    // With the next key.
    await expect
      .poll(() => {
        const pose = canary('the time between');
        anna.send(FRAME_CLASS.POSE, pose.bytes);
        sealed.push(pose);
        return watch.generations.has(1);
      }, WAIT)
      .toBe(true);
    sealed.push(...(await converse(members, ' after a leave')));
    await lookAround();
    const number = await anna.safetyNumber();

    const broken = members.map((room) =>
      next<Room['state']>(
        (listener) => room.on('state', listener),
        ({ status }) => status === 'reconnecting',
      ),
    );
    await stack.killTaskOf(anna.room_id);
    await Promise.all(broken);
    await Promise.all(members.map(live));
    await everyoneThere([members]);
    await expect.poll(isSealed(members), WAIT).toBe(true);
    sealed.push(...(await converse(members, ' on another task')));
    expect(await Promise.all(members.map((room) => room.safetyNumber()))).toEqual([number, number, number]);

    const invited = next<{ link: string }>(
      (listener) => ben.on('move', listener),
      () => true,
    );
    const elsewhere = await enter(anna.moveWithout([cleo.client_id]));
    const follower = await follow((await invited).link);
    await expect.poll(isSealed([elsewhere, follower]), WAIT).toBe(true);
    sealed.push(...(await converse([elsewhere, follower], ' elsewhere')));
    await lookAround();
    await Promise.all([...members, elsewhere, follower].map((room) => room.leave()));
    await lookAround();

    const links = [anna.link, elsewhere.link];
    sealed.push(
      ...watch.secrets,
      ...links.map((link) => ({ name: 'link secret', bytes: secretOf(link) })),
      ...links.map((link) => ({ name: 'fragment', bytes: Buffer.from(new URL(link).hash) })),
    );
    recording.output('stack')(Buffer.from(stack.output()));
    expect(findings(sealed)).toEqual({});

    // The keys of those who were there are among what was looked for: each is somewhere in it as often as it must be.
    const count = (name: string): number => sealed.filter((secret) => secret.name === name).length;
    expect(count('k_mac')).toBe(links.length);
    expect(count('k_psk')).toBe(links.length);
    expect(count('identity seed')).toBe(rooms.length);
    expect(count('random'), 'X25519 secrets').toBeGreaterThanOrEqual(rooms.length);
    expect(count('shared secret'), 'of pairs').toBe(6 + 1);
    // One each at first, and of those who stayed another after the leave.
    expect(count('base key')).toBeGreaterThanOrEqual(rooms.length + members.length);
    expect(count('pair key')).toBeGreaterThanOrEqual(2 * (6 + 1));
    // Of four classes each.
    expect(count('frame key')).toBeGreaterThanOrEqual(4 * (rooms.length + members.length));
    expect(count('frame salt')).toBeGreaterThanOrEqual(4 * (rooms.length + members.length));
    expect(count('key of an invitation')).toBe(1);
  });

  const of = (name: string, bytes: Uint8Array | string): Secret => ({ name, bytes: Buffer.from(bytes) });
  const ON_THE_WAY: Place[] = ['client to relay', 'relay to client'];
  const everywhere = (places: readonly Place[], what: readonly string[]): Partial<Record<Place, string[]>> =>
    Object.fromEntries(places.map((place) => [place, what.toSorted()]));

  it('of what is no secret: it is found where it must be, so that nothing was overlooked', () => {
    expect(findings(watch.hellos)).toEqual(everywhere(ON_THE_WAY, ['MAC of a HELLO as bytes']));
    const tickets = rooms.map(({ seat }) => of('ticket', seat.ticket));
    expect(findings(tickets), 'in no table and in no log').toEqual(
      everywhere(['client to relay', 'client to router', 'router to client'], ['ticket as bytes']),
    );
    const marks: Partial<Record<Place, Secret>> = {
      'output of the router': of('route', 'POST /create-room'),
      'output of the stack': of('route', 'POST /create-room'),
      'output of tasks': of('task id', stack.tasks()[0]!.task_id),
      metrics: of('metric', 'anteroom_messages_in_total'),
    };
    const client_id = of('client id', rooms[0]!.client_id);
    const found = findings([client_id, ...Object.values(marks)]);
    const markOf = (place: Place): string => `${(marks[place] ?? client_id).name} as bytes`;
    expect(PLACES.filter((place) => found[place]?.includes(markOf(place)) !== true)).toEqual([]);
  });

  it('of a room that is not encrypted: every word, and whatever secret is said there, however it is written', async () => {
    const room = await createUnencryptedRoom({ router: url, max_clients: 2 });
    const guest = await joinUnencryptedRoom({ router: url, room_id: room.room_id });
    await everyoneThere([[room, guest]]);
    const said = await converse([room, guest], ' in clear');
    const names = new Set(said.map(({ name }) => `${name} as bytes`));
    expect(findings(said)).toEqual(everywhere(ON_THE_WAY, [...names]));

    const secret = secretOf(rooms[0]!.link);
    const hex = secret.toString('hex');
    const behind = [0, 1, 2].map((before) => Buffer.concat([randomBytes(before), secret]));
    const ways = [
      secret,
      hex,
      hex.toUpperCase(),
      // As `console.log` shows a Buffer.
      hex.replace(/../g, '$& '),
      JSON.stringify([...secret]),
      [...secret].join(', '),
      JSON.stringify(new Uint8Array(secret)),
      ...behind.flatMap((bytes) => [bytes.toString('base64'), bytes.toString('base64url')]),
    ];
    const last = ways.at(-1);
    const heard = next<{ text(): string }>(
      (listener) => guest.on('message', listener),
      (message) => message.text() === last,
    );
    for (const way of ways) expect(room.send(FRAME_CLASS.MSG, Buffer.from(way))).toBe(true);
    await heard;
    const planted = ENCODINGS.map((encoding) => `link secret as ${encoding}`);
    expect(findings([of('link secret', secret)])).toEqual(everywhere(ON_THE_WAY, planted));
    await Promise.all([room.leave(), guest.leave()]);
  });
});
