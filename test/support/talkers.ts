/** Clients of rooms that talk without a break, and what they hear of each other. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createUnencryptedRoom,
  FRAME_CLASS,
  joinUnencryptedRoom,
  type Room,
} from '../../client/src/node/index.ts';

/** Frames a second of each client. */
const RATE = 20;

export interface Talkers {
  readonly rooms: Room[][];
  /** Frames heard so far, by everyone. */
  heard(): number;
  /** Frames that were due so far: each that was sent, once for each who hears it. */
  due(): number;
  /** Falls silent, and resolves when everything that was said was heard, or to what was not after `limit_ms`. */
  end(limit_ms?: number): Promise<string[]>;
  /** Whoever was not live at some moment since the start: a sentence each. */
  breaks(): string[];
}

/** Rooms of `clients` each, all of them live and seeing each other. */
export async function openRooms(router: string, count: number, clients: number): Promise<Room[][]> {
  const open = async (): Promise<Room[]> => {
    const first = await createUnencryptedRoom({ router, max_clients: clients });
    const others = await Promise.all(
      Array.from({ length: clients - 1 }, () => joinUnencryptedRoom({ router, room_id: first.room_id })),
    );
    return [first, ...others];
  };
  return Promise.all(Array.from({ length: count }, open));
}

/** Resolves when every client sees all others of its room. */
export async function everyoneThere(rooms: readonly Room[][], limit_ms = 20_000): Promise<void> {
  const deadline = performance.now() + limit_ms;
  const missing = () =>
    rooms.flatMap((room) => room.filter((client) => client.members.length < room.length - 1));
  while (missing().length > 0) {
    if (performance.now() > deadline)
      throw new Error(`${missing().length} clients miss others of their room`);
    await sleep(20);
  }
}

/** Lets every client of `rooms` send numbered frames, and checks that each hears all of the others, in order. */
export function startTalking(rooms: Room[][]): Talkers {
  const sent = new Map<string, number>();
  /** By listener and sender: how many came, each the one that was due. */
  const heard = new Map<string, number>();
  const faults: string[] = [];
  const breaks: string[] = [];
  const stops: (() => void)[] = [];
  const keyOf = (listener: Room, sender: string): string => `${listener.client_id} ${sender}`;

  const clients = rooms.flat();
  for (const client of clients) {
    sent.set(client.client_id, 0);
    stops.push(
      client.on('message', (message) => {
        const text = message.text();
        const key = keyOf(client, message.from);
        const due = heard.get(key) ?? 0;
        if (text !== String(due)) faults.push(`${key}: ${text} came when ${due} was due`);
        heard.set(key, due + 1);
      }),
      client.on('state', (state) => breaks.push(`${client.client_id} was ${state.status}`)),
    );
  }
  const timer = setInterval(() => {
    for (const client of clients) {
      const number = sent.get(client.client_id)!;
      const bytes = new TextEncoder().encode(String(number));
      if (client.send(FRAME_CLASS.MSG, bytes)) sent.set(client.client_id, number + 1);
      else faults.push(`${client.client_id} could not send ${number}`);
    }
  }, 1_000 / RATE);

  const unheard = (): string[] =>
    rooms.flatMap((room) =>
      room.flatMap((listener) =>
        room
          .filter((sender) => sender !== listener)
          .filter(({ client_id }) => heard.get(keyOf(listener, client_id)) !== sent.get(client_id))
          .map(({ client_id }) => {
            const key = keyOf(listener, client_id);
            return `${key}: ${heard.get(key) ?? 0} of ${sent.get(client_id)} frames were heard`;
          }),
      ),
    );

  return {
    rooms,
    heard: () => [...heard.values()].reduce((sum, count) => sum + count, 0),
    due: () =>
      rooms.reduce(
        (sum, room) =>
          sum + room.reduce((said, { client_id }) => said + sent.get(client_id)!, 0) * (room.length - 1),
        0,
      ),
    breaks: () => breaks,
    async end(limit_ms = 10_000) {
      clearInterval(timer);
      const deadline = performance.now() + limit_ms;
      while (unheard().length > 0 && performance.now() < deadline) await sleep(20);
      for (const stop of stops) stop();
      return [...faults, ...unheard()];
    },
  };
}
