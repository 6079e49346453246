import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startIdleStop } from '../../../stream-task/idle-stop.ts';

describe('a task that ends when nobody uses it', () => {
  let busy = false;
  let ends = 0;
  const start = (limit: number) =>
    startIdleStop(
      limit,
      () => busy,
      () => ends++,
    );
  beforeEach(() => {
    vi.useFakeTimers();
    busy = false;
    ends = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends once, so long after the last was there, or after its start', () => {
    start(10_000);
    vi.advanceTimersByTime(9_000);
    expect(ends).toBe(0);
    vi.advanceTimersByTime(2_000);
    expect(ends).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(ends).toBe(1);
  });

  it('goes on while somebody is there, and counts anew from then', () => {
    start(10_000);
    vi.advanceTimersByTime(9_000);
    busy = true;
    vi.advanceTimersByTime(60_000);
    busy = false;
    vi.advanceTimersByTime(9_000);
    expect(ends).toBe(0);
    vi.advanceTimersByTime(2_000);
    expect(ends).toBe(1);
  });

  it('looks often enough where the time is short, and no more once it is stopped', () => {
    start(400);
    vi.advanceTimersByTime(500);
    expect(ends).toBe(1);
    start(400).stop();
    vi.advanceTimersByTime(5_000);
    expect(ends).toBe(1);
  });
});
