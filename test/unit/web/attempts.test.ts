import type { EntryProgress, SealedRoom } from '@anteroom/client';
import { describe, expect, it } from 'vitest';
import { createAttempts } from '../../../web/src/state/attempts.ts';
import { FakeRoom } from './fake-room.ts';

const LINK = new FakeRoom().link;
/** To the same room, by another key. */
const OTHER_LINK = LINK.replace('#q', '#r');

/** A way into a room that ends when the test says so. */
function wayIn() {
  const { promise, resolve, reject } = Promise.withResolvers<SealedRoom>();
  let tell: (progress: EntryProgress) => void = () => undefined;
  const connect = (onProgress: (progress: EntryProgress) => void) => {
    tell = onProgress;
    return promise;
  };
  return { connect, resolve, reject, tell: (progress: EntryProgress) => tell(progress) };
}

/** A server is being started for the room. */
const PENDING: EntryProgress = {
  status: 'pending',
  since: 0,
  expires_at: 300_000,
  seat: new FakeRoom().seat,
  link: LINK,
};

const setUp = () => {
  const given_up: SealedRoom[] = [];
  return { attempts: createAttempts((room) => given_up.push(room)), given_up };
};

describe('an attempt to enter a room', () => {
  it('that nobody waits for any more gives its seat back once there is one', async () => {
    const { attempts, given_up } = setUp();
    const way = wayIn();
    const attempt = attempts.start(LINK, way.connect);
    attempts.abandon(attempt);
    const room = new FakeRoom();
    way.resolve(room);
    await attempt.room;
    expect(given_up).toEqual([room]);
  });

  it('is gone on with where somebody wants into the same room again, so that it takes no second seat', async () => {
    const { attempts, given_up } = setUp();
    const way = wayIn();
    const first = attempts.start(LINK, way.connect);
    attempts.abandon(first);
    const other = attempts.start(OTHER_LINK, wayIn().connect);
    const again = attempts.start(LINK, () => Promise.reject(new Error('a second seat')));
    expect(other).not.toBe(first);
    expect(again).toBe(first);
    const room = new FakeRoom();
    way.resolve(room);
    expect(await again.room).toBe(room);
    expect(given_up).toEqual([]);
  });

  it('gives back one seat, however often it was taken up and given up', async () => {
    const { attempts, given_up } = setUp();
    const way = wayIn();
    const attempt = attempts.start(LINK, way.connect);
    attempts.abandon(attempt);
    attempts.start(LINK, way.connect);
    attempts.abandon(attempt);
    way.resolve(new FakeRoom());
    await attempt.room;
    expect(given_up.length).toBe(1);
  });

  it('that has ended is not gone on with', async () => {
    const { attempts } = setUp();
    const [failing, succeeding] = [wayIn(), wayIn()];
    const failed = attempts.start(LINK, failing.connect);
    attempts.abandon(failed);
    failing.reject(new Error('full'));
    await expect(failed.room).rejects.toThrow('full');
    const second = attempts.start(LINK, succeeding.connect);
    expect(second).not.toBe(failed);
    attempts.abandon(second);
    succeeding.resolve(new FakeRoom());
    await second.room;
    expect(attempts.start(LINK, wayIn().connect)).not.toBe(second);
  });

  it('to create a room is never gone on with: the next one may want other seats', () => {
    const { attempts } = setUp();
    const first = attempts.start(undefined, wayIn().connect);
    attempts.abandon(first);
    expect(attempts.start(undefined, wayIn().connect)).not.toBe(first);
  });

  it('tells how far it is', () => {
    const { attempts } = setUp();
    const way = wayIn();
    const { progress } = attempts.start(LINK, way.connect);
    expect(progress.value).toBe(undefined);
    way.tell(PENDING);
    expect(progress.value).toBe(PENDING);
    way.tell({ status: 'connecting' });
    expect(progress.value).toEqual({ status: 'connecting' });
  });

  it('to create a room is gone on with by the link of the room, once it waits for a server', async () => {
    const { attempts, given_up } = setUp();
    const way = wayIn();
    const first = attempts.start(undefined, way.connect);
    way.tell(PENDING);
    attempts.abandon(first);
    way.tell({ status: 'connecting' });
    expect(attempts.start(undefined, wayIn().connect)).not.toBe(first);
    expect(attempts.start(LINK, wayIn().connect)).toBe(first);
    way.resolve(new FakeRoom());
    await first.room;
    expect(given_up).toEqual([]);
  });
});
