/** Rooms of the SDK that move between real tasks, with the real use cases behind them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageEngines } from '../../../client/src/engine/browser-engine.ts';
import { FRAME_CLASS } from '../../../client/src/node/index.ts';
import type { Room, SealedRoom } from '../../../client/src/node/index.ts';
import { nodePlatformOn, openNodeSocket } from '../../../client/src/node/platform.ts';
import type { OpenSocket, Platform } from '../../../client/src/platform.ts';
import { eventually } from '../../support/inbox.ts';
import { startSmallRouter } from '../../support/small-router.ts';
import type { SmallRouter } from '../../support/small-router.ts';
import { startWholeTask } from '../../support/whole-task.ts';
import { workerDouble } from '../../support/worker-double.ts';
import { create, createSealed, join, joinSealed } from './setup.ts';

const SETTINGS = { HEARTBEAT: '2s', LEASE: '5s' };

async function startTask(router: SmallRouter, TASK_ID: string) {
  const env = { PUBLIC_ADDRESS: '127.0.0.1', ...SETTINGS, TASK_ID };
  const running = await startWholeTask(router, { env });
  await running.task.registered;
  return running;
}

const KINDS = [
  { kind: 'an unencrypted room', is_sealed: false, in_worker: false },
  { kind: 'a sealed room', is_sealed: true, in_worker: false },
  { kind: 'a sealed room in a Worker', is_sealed: true, in_worker: true },
];

/** Sockets that a test refuses or breaks, by the address that they go to. */
class Network {
  readonly #refused = new Map<string, number>();
  readonly #open: { url: string; cut: () => void }[] = [];
  readonly opened: string[] = [];
  /** What the rooms of this network are made with. */
  readonly extra: { openSocket: OpenSocket; platform: Partial<Platform> };

  constructor(in_worker = false) {
    const { openSocket } = this;
    const { openEngine } = nodePlatformOn(openSocket);
    const engines = pageEngines({
      startWorker: () => workerDouble(openEngine).port,
      loadInline: () => Promise.reject(new Error('there are Workers')),
    });
    this.extra = { openSocket, platform: in_worker ? { openEngine: engines } : {} };
  }

  readonly openSocket: OpenSocket = (url, protocols, events) => {
    this.opened.push(url);
    const left = this.#refused.get(url) ?? 0;
    this.#refused.set(url, left - 1);
    if (left > 0) throw new Error('refused');
    const socket = openNodeSocket(url, protocols, events);
    const cut = (): void => {
      socket.abandon();
      events.close(1006, '');
    };
    this.#open.push({ url, cut });
    return socket;
  };

  /** The next `times` sockets to `url` do not open. */
  refuse(url: string, times: number): void {
    this.#refused.set(url, times);
  }

  /** All connections to `url` break, and nothing gets there any more. */
  cut(url: string): void {
    this.refuse(url, Infinity);
    for (const socket of this.#open) if (socket.url === url) socket.cut();
  }
}

/** Rooms of one kind at `router`: the first creates it, the others come. */
async function enter(is_sealed: boolean, router: string, count: number, network: Network): Promise<Room[]> {
  const options = { router, max_clients: 8, ...network.extra };
  const first = is_sealed ? await createSealed(options) : await create(options);
  const rooms: Room[] = [first];
  while (rooms.length < count) rooms.push(await follow(first, router, network));
  await eventually(() => rooms.every((room) => isWhole(room, count)));
  return rooms;
}

const isWhole = ({ members, security }: Room, count: number): boolean =>
  members.length === count - 1 && (security.status === 'sealed' || security.status === 'unencrypted');

/** One more comes into the room of `first`. */
function follow(first: Room, router: string, { extra }: Network): Promise<Room> {
  return 'link' in first
    ? joinSealed((first as SealedRoom).link, { router, ...extra })
    : join({ router, room_id: first.room_id, ...extra });
}

/** Notes what a room tells: of each other what it said, and whatever else there is. */
function listen(room: Room) {
  const messages: string[] = [];
  const poses: string[] = [];
  const news: string[] = [];
  room.on('message', (message) => messages.push(`${message.from} ${message.text()}`));
  room.on('frame', ({ from, class: name, payload }) => {
    if (name === FRAME_CLASS.POSE) poses.push(`${from} ${payload[0]! * 256 + payload[1]!}`);
  });
  room.on('state', ({ status }) => news.push(status));
  room.on('joined', ({ client_id }) => news.push(`joined ${client_id}`));
  room.on('left', ({ client_id }) => news.push(`left ${client_id}`));
  room.on('error', ({ error }) => news.push(error.message));
  return { room, messages, poses, news };
}

type Listener = ReturnType<typeof listen>;

const numbersOf = (lines: readonly string[], from: string): number[] =>
  lines.filter((line) => line.startsWith(from)).map((line) => Number(line.split(' ')[1]));

/** Says numbers in turn, for all to hear. */
class Talker {
  readonly room: Room;
  said = 0;

  constructor(room: Room) {
    this.room = room;
  }

  say(): void {
    if (!this.room.sendText(String(this.said))) throw new Error(`not sent: ${this.room.state.status}`);
    this.room.send(FRAME_CLASS.POSE, Uint8Array.of(this.said >>> 8, this.said), { droppable: false });
    this.said++;
  }
}

/** Each has heard all that the others said, in order, each once, and nothing else happened. */
async function expectHeard(listeners: readonly Listener[], talkers: readonly Talker[]) {
  for (const { room, messages, poses, news } of listeners) {
    for (const { room: speaker, said } of talkers) {
      if (speaker === room) continue;
      const all = Array.from({ length: said }, (_, number) => number);
      await eventually(() => numbersOf(messages, speaker.client_id).length >= said);
      await eventually(() => numbersOf(poses, speaker.client_id).length >= said);
      expect(numbersOf(messages, speaker.client_id)).toEqual(all);
      expect(numbersOf(poses, speaker.client_id)).toEqual(all);
    }
    expect(news).toEqual([]);
  }
}

const breath = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(KINDS)('$kind', ({ is_sealed, in_worker }) => {
  it('moves twice while all talk, and nobody notices', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ who: fc.nat(2), rest: fc.nat(6) }), { minLength: 60, maxLength: 90 }),
        fc.nat(30),
        fc.nat(30),
        async (words, one, two) => {
          await using router = await startSmallRouter({ ...SETTINGS, MAX_TASKS: '0' });
          await using first = await startTask(router, 'first');
          const rooms = await enter(is_sealed, router.url, 3, new Network(in_worker));
          const listeners = rooms.map(listen);
          const talkers = rooms.map((room) => new Talker(room));
          await using second = await startTask(router, 'second');
          await using tasks = new AsyncDisposableStack();
          let last: Awaited<ReturnType<typeof startTask>> | undefined;
          for (const [index, { who, rest }] of words.entries()) {
            if (index === one) first.task.drain();
            if (index === 30 + two) {
              last = tasks.use(await startTask(router, 'third'));
              second.task.drain();
            }
            talkers[who]!.say();
            if (rest > 3) await breath(rest);
          }
          await expectHeard(listeners, talkers);
          await first.task.stopped;
          await second.task.stopped;
          await eventually(() => last!.task.relay.registry.clients === 3);
          for (const one of talkers) one.say();
          await expectHeard(listeners, talkers);
          await Promise.all(rooms.map((room) => room.leave()));
        },
      ),
      { numRuns: 2 },
    );
  });

  it('is followed by way of the router where the new task cannot be reached at once, and nobody notices', async () => {
    await using router = await startSmallRouter({ ...SETTINGS, MAX_TASKS: '0' });
    await using first = await startTask(router, 'first');
    const network = new Network(in_worker);
    const rooms = await enter(is_sealed, router.url, 3, network);
    const listeners = rooms.map(listen);
    const talkers = rooms.map((room) => new Talker(room));
    await using second = await startTask(router, 'second');
    const url = `ws://127.0.0.1:${second.task.relay.port}`;
    network.refuse(url, 4);
    first.task.drain();
    while (first.task.relay.registry.clients > 0) {
      for (const one of talkers) one.say();
      await breath(2);
    }
    await expectHeard(listeners, talkers);
    expect(network.opened.filter((opened) => opened === url)).toHaveLength(7);
    await Promise.all(rooms.map((room) => room.leave()));
  });

  it('is entered by a newcomer while it moves, who hears all that is said from then on', async () => {
    await using router = await startSmallRouter({ ...SETTINGS, MAX_TASKS: '0' });
    await using first = await startTask(router, 'first');
    const network = new Network(in_worker);
    const rooms = await enter(is_sealed, router.url, 3, network);
    const talkers = rooms.map((room) => new Talker(room));
    await using second = await startTask(router, 'second');
    // One of them takes its time.
    network.refuse(`ws://127.0.0.1:${second.task.relay.port}`, 1);
    first.task.drain();
    const newcomer = await follow(rooms[0]!, router.url, new Network(in_worker));
    const { messages } = listen(newcomer);
    await eventually(() => rooms.every((room) => room.members.length === 3));
    await eventually(() => isWhole(newcomer, 4));
    const before = talkers.map(({ said }) => said);
    for (let n = 0; n < 20; n++) for (const one of talkers) one.say();
    for (const [index, { room, said }] of talkers.entries()) {
      const meant = Array.from({ length: said - before[index]! }, (_, number) => before[index]! + number);
      await eventually(() => numbersOf(messages, room.client_id).length >= meant.length);
      expect(numbersOf(messages, room.client_id)).toEqual(meant);
    }
    await Promise.all([...rooms, newcomer].map((room) => room.leave()));
  });
});

it('no message of a sealed room is lost or comes twice when the old task dies while its room moves', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(40), async (moment) => {
      await using router = await startSmallRouter({ ...SETTINGS, MAX_TASKS: '0' });
      await using first = await startTask(router, 'first');
      const network = new Network();
      const rooms = await enter(true, router.url, 3, network);
      const talkers = rooms.map((room) => ({ room, said: 0 }));
      const listeners = rooms.map(listen);
      await using second = await startTask(router, 'second');
      first.task.drain();
      for (let n = 0; n < 80; n++) {
        if (n === moment) network.cut(`ws://127.0.0.1:${first.task.relay.port}`);
        for (const talker of talkers) if (talker.room.sendText(String(talker.said))) talker.said++;
        await breath(2);
      }
      await eventually(() => second.task.relay.registry.clients === 3);
      await eventually(() => rooms.every((room) => isWhole(room, 3)));
      for (const { room, messages } of listeners) {
        for (const { room: speaker, said } of talkers) {
          if (speaker === room) continue;
          await eventually(() => numbersOf(messages, speaker.client_id).length >= said);
          expect(numbersOf(messages, speaker.client_id)).toEqual(Array.from({ length: said }, (_, n) => n));
        }
      }
      await Promise.all(rooms.map((room) => room.leave()));
    }),
    { numRuns: 3 },
  );
});
