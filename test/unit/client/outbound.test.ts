import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Outbound } from '../../../client/src/engine/outbound.ts';
import type { Told } from '../../../client/src/engine/messages.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function gathering() {
  const posts: { events: number; buffers: number; taken: number; buffered: number }[] = [];
  const counts = { taken: 0, buffered: 0 };
  const outbound = new Outbound(
    (events, transfer, { taken, buffered }) =>
      void posts.push({ events: events.length, buffers: transfer.length, taken, buffered }),
    () => ({ ...counts }),
  );
  return { outbound, posts, counts };
}

const dead: Told = { event: 'dead', values: [], connection: 1 };
const frameOf = (payload: Uint8Array): Told => ({
  event: 'frame',
  connection: 1,
  values: [
    {
      from: 'ann',
      class: FRAME_CLASS.POSE,
      stream: 0,
      layer: 0,
      keyframe: false,
      droppable: true,
      unicast: false,
      payload,
    },
  ],
});

describe('Outbound', () => {
  it('posts the first at once, and what follows within 4 ms together', () => {
    const { outbound, posts } = gathering();
    const sizes = () => posts.map(({ events }) => events);
    for (let n = 0; n < 3; n++) outbound.put(dead);
    expect(sizes()).toEqual([1]);
    vi.advanceTimersByTime(4);
    expect(sizes()).toEqual([1, 2]);
    outbound.put(dead);
    vi.advanceTimersByTime(3);
    expect(sizes()).toEqual([1, 2]);
    vi.advanceTimersByTime(1);
    expect(sizes()).toEqual([1, 2, 1]);
    vi.advanceTimersByTime(100);
    outbound.put(dead);
    expect(sizes()).toEqual([1, 2, 1, 1]);
  });

  it('transfers the buffers of payloads, each once', () => {
    const { outbound, posts } = gathering();
    const buffer = new ArrayBuffer(8);
    outbound.put(frameOf(new Uint8Array(3)));
    outbound.put(frameOf(new Uint8Array(buffer, 0, 4)));
    outbound.put(frameOf(new Uint8Array(buffer, 4, 4)));
    outbound.put(frameOf(new Uint8Array(1)));
    outbound.put(dead);
    vi.advanceTimersByTime(4);
    expect(posts.map(({ events, buffers }) => [events, buffers])).toEqual([
      [1, 1],
      [4, 2],
    ]);
  });

  it('tells counts that changed, and how the socket drains, until nothing waits', () => {
    const { outbound, posts, counts } = gathering();
    counts.taken = 10;
    counts.buffered = 10;
    outbound.counted();
    outbound.counted();
    expect(posts).toEqual([]);
    vi.advanceTimersByTime(4);
    expect(posts).toEqual([{ events: 0, buffers: 0, taken: 10, buffered: 10 }]);
    vi.advanceTimersByTime(200);
    counts.buffered = 0;
    vi.advanceTimersByTime(54);
    expect(posts.at(-1)).toMatchObject({ taken: 10, buffered: 0 });
    vi.advanceTimersByTime(1_000);
    expect([posts.length, vi.getTimerCount()]).toEqual([2, 0]);
  });

  it('does not let events wait for a socket that drains', () => {
    const { outbound, posts, counts } = gathering();
    counts.buffered = 10;
    outbound.counted();
    vi.advanceTimersByTime(20);
    outbound.put(dead);
    expect(posts.map(({ events }) => events)).toEqual([0, 1]);
  });

  it('posts at once what it is told to, and nothing once it is stopped', () => {
    const { outbound, posts } = gathering();
    outbound.put(dead);
    outbound.put(dead);
    outbound.flush();
    expect(posts.map(({ events }) => events)).toEqual([1, 1]);
    outbound.put(dead);
    outbound.stop();
    outbound.put(dead);
    vi.advanceTimersByTime(100);
    expect([posts.length, vi.getTimerCount()]).toEqual([2, 0]);
  });
});
