import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchLiveness } from '../../../client/src/liveness.ts';

describe('watchLiveness', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells once after that much silence, counted from what was heard last', () => {
    const dead = vi.fn<() => void>();
    const liveness = watchLiveness(12_000, dead);
    vi.advanceTimersByTime(11_000);
    liveness.heard();
    vi.advanceTimersByTime(11_999);
    expect(dead).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(dead).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(60_000);
    liveness.check();
    expect(dead).toHaveBeenCalledTimes(1);
  });

  it('notices at a check that the machine has slept, its timers with it', () => {
    const dead = vi.fn<() => void>();
    const liveness = watchLiveness(12_000, dead);
    vi.setSystemTime(Date.now() + 11_999);
    liveness.check();
    expect(dead).not.toHaveBeenCalled();
    vi.setSystemTime(Date.now() + 1);
    liveness.check();
    expect(dead).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts anew when the clock is set back', () => {
    const dead = vi.fn<() => void>();
    const liveness = watchLiveness(12_000, dead);
    vi.setSystemTime(Date.now() - 3_600_000);
    liveness.check();
    vi.advanceTimersByTime(11_999);
    expect(dead).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(dead).toHaveBeenCalledTimes(1);
  });

  it('is silent once stopped', () => {
    const dead = vi.fn<() => void>();
    const liveness = watchLiveness(12_000, dead);
    liveness.stop();
    vi.advanceTimersByTime(60_000);
    liveness.check();
    expect(dead).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
