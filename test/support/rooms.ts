/** Rooms of the SDK, as tests use them. */
import { expect } from 'vitest';
import type { Room } from '../../client/src/node/index.ts';

/** The next value of an event of `room` that `wanted` takes. */
export function next<T>(
  subscribe: (listener: (value: T) => void) => () => void,
  wanted: (value: T) => boolean,
): Promise<T> {
  return new Promise((resolve) => {
    const stop = subscribe((value) => {
      if (!wanted(value)) return;
      stop();
      resolve(value);
    });
  });
}
const message = (room: Room, text: string) =>
  next<{ from: string; text(): string }>(
    (listener) => room.on('message', listener),
    (value) => value.text() === text,
  );
/** Resolves when the room is live. */
export const live = (room: Room) =>
  room.state.status === 'live'
    ? Promise.resolve()
    : next(
        (listener: (state: Room['state']) => void) => room.on('state', listener),
        ({ status }) => status === 'live',
      );

/** Both say something until both have heard the other. */
export async function talk(a: Room, b: Room, word: string): Promise<void> {
  const heard = Promise.all([message(a, `${word} from b`), message(b, `${word} from a`)]);
  expect(a.sendText(`${word} from a`)).toBe(true);
  expect(b.sendText(`${word} from b`)).toBe(true);
  const [byA, byB] = await heard;
  expect([byA.from, byB.from]).toEqual([b.client_id, a.client_id]);
}

/** Both see the other as a member. */
export async function together(a: Room, b: Room): Promise<void> {
  for (const [room, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (room.members.some((member) => member.client_id === other.client_id)) continue;
    await next<{ client_id: string }>(
      (listener) => room.on('joined', listener),
      (member) => member.client_id === other.client_id,
    );
  }
}
