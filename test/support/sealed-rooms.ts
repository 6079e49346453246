/** Sealed rooms of a local stack, for tests that break what is under them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { createRoomOn, joinRoomOn } from '../../client/src/connect-sealed.ts';
import type { Room, SealedRoom } from '../../client/src/node/index.ts';
import { nodePlatformOn, openNodeSocket } from '../../client/src/node/platform.ts';
import type { OpenSocket } from '../../client/src/platform.ts';
import { type Proxy, startProxy } from '../../dev/faults/proxy.ts';
import type { AvailableTasks } from '../../shared/protocol/api.ts';
import { live, next } from './rooms.ts';

/** For what takes a moment on a quiet machine. */
const PATIENCE_MS = 30_000;
/** Creates that may go to a task that has a room already. */
const MOST_CREATES = 40;

/** What a room says of the encryption, in one line: `sealed with 2`. */
const wordOf = ({ security }: SealedRoom): string =>
  security.status === 'sealed' ? `sealed with ${security.sealed.length}` : JSON.stringify(security);

/** Resolves when each sees just the others, all of them sealed. */
export async function sealed(members: readonly SealedRoom[]): Promise<void> {
  const wanted = members.map(() => `sealed with ${members.length - 1}`);
  await vi.waitFor(() => expect(members.map(wordOf)).toEqual(wanted), { timeout: PATIENCE_MS });
}

/** Resolves when the connection of each breaks. */
export async function broken(members: readonly Room[]): Promise<void> {
  const reconnecting = (room: Room) =>
    next<Room['state']>(
      (listener) => room.on('state', listener),
      ({ status }) => status === 'reconnecting',
    );
  await Promise.all(members.map(reconnecting));
}

/** Resolves when each is live, and all see each other sealed. */
export async function together(members: readonly SealedRoom[]): Promise<void> {
  await Promise.all(members.map(live));
  await sealed(members);
}

/** What people compare, which is to be one number, and who is who for the relay. */
export async function identities(members: readonly SealedRoom[]) {
  const numbers = new Set(await Promise.all(members.map((room) => room.safetyNumber())));
  return { numbers: [...numbers], ids: members.map(({ client_id }) => client_id) };
}

export class SealedRooms {
  readonly #router: string;
  /** Where clients were sent last, by room id. */
  readonly #served = new Map<string, string>();
  /** What clients have sent, by room id. */
  readonly #sent = new Map<string, { frames: number; bytes: number }>();

  /** `router`: base URL. */
  constructor(router: string) {
    this.#router = router;
  }

  create(max_clients: number): Promise<SealedRoom> {
    return createRoomOn(
      { platform: nodePlatformOn(this.#openSocket) },
      { router: this.#router, max_clients },
    );
  }

  join(link: string): Promise<SealedRoom> {
    return joinRoomOn({ platform: nodePlatformOn(this.#openSocket) }, link, { router: this.#router });
  }

  /** A member more whose connections pass a proxy of its own, wherever the task is. */
  async joinThroughProxy(link: string): Promise<{ room: SealedRoom; proxy: Proxy }> {
    let port = 0;
    const proxy = await startProxy(() => Promise.resolve(port));
    const openSocket: OpenSocket = (url, protocols, events) => {
      port = Number(new URL(url).port);
      return openNodeSocket(`ws://127.0.0.1:${proxy.port}`, protocols, events);
    };
    const room = await joinRoomOn({ platform: nodePlatformOn(openSocket) }, link, { router: this.#router });
    return { room, proxy };
  }

  /** The room with others in it, `count` in all. */
  async fill(first: SealedRoom, count: number): Promise<SealedRoom[]> {
    const others = Array.from({ length: count - 1 }, () => this.join(first.link));
    const members = [first, ...(await Promise.all(others))];
    await sealed(members);
    return members;
  }

  /** Rooms for up to `max_clients` on a task each, with one member. */
  async createApart(count: number, max_clients: number): Promise<SealedRoom[]> {
    const rooms: SealedRoom[] = [];
    while (rooms.length < count) {
      const taken = rooms.map((room) => this.#urlOf(room));
      rooms.push(await this.#create(max_clients, (url) => !taken.includes(url)));
    }
    return rooms;
  }

  /** One more room, on the task of `room`. */
  createBeside(room: SealedRoom, max_clients: number): Promise<SealedRoom> {
    return this.#create(max_clients, (url) => url === this.#urlOf(room));
  }

  /** Id of the task that serves a room, by where its clients are: one that stands still cannot be asked. */
  async taskOf(room: Room): Promise<string> {
    const known = async (): Promise<AvailableTasks['tasks']> => {
      const response = await fetch(`${this.#router}/available-tasks`);
      return ((await response.json()) as AvailableTasks).tasks;
    };
    for (const deadline = performance.now() + PATIENCE_MS; ; await sleep(100)) {
      // The router may just be away.
      const tasks = await known().catch(() => []);
      const task = tasks.find(({ url }) => url === this.#urlOf(room));
      if (task !== undefined) return task.task_id;
      if (performance.now() > deadline) throw new Error(`the router knows no task of room ${room.room_id}`);
    }
  }

  /** What those who came by `create` and `join` have sent so far. */
  sentIn(room_id: string): { frames: number; bytes: number } {
    return this.#sent.get(room_id) ?? { frames: 0, bytes: 0 };
  }

  #urlOf({ room_id }: Room): string | undefined {
    return this.#served.get(room_id);
  }

  /** Creates rooms until one is where it is wanted. The others are left only then: each task gets its turn while they fill up. */
  async #create(max_clients: number, wanted: (url: string | undefined) => boolean): Promise<SealedRoom> {
    const misses: SealedRoom[] = [];
    try {
      while (misses.length < MOST_CREATES) {
        const room = await this.create(max_clients);
        if (wanted(this.#urlOf(room))) return room;
        misses.push(room);
      }
      throw new Error(`none of ${MOST_CREATES} rooms came to the task that is meant`);
    } finally {
      await Promise.all(misses.map((room) => room.leave()));
    }
  }

  readonly #openSocket: OpenSocket = (url, protocols, events) => {
    // The second protocol is `<room id>.<client id>.<ticket>`.
    const room_id = protocols[1]!.split('.', 1)[0]!;
    this.#served.set(room_id, url);
    const socket = openNodeSocket(url, protocols, events);
    const send = (data: string | Uint8Array<ArrayBuffer>): void => {
      const { frames, bytes } = this.sentIn(room_id);
      this.#sent.set(room_id, { frames: frames + 1, bytes: bytes + data.length });
      socket.send(data);
    };
    return Object.assign(Object.create(socket) as typeof socket, { send });
  };
}
