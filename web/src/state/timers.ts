/** Timers by key. */
export interface Timers {
  /** Runs `action` after `ms`, unless it is cleared or set anew before. */
  set(key: string, action: () => void, ms: number): void;
  /** Whether there was one to clear. */
  clear(key: string): boolean;
  clearAll(): void;
}

export function createTimers(): Timers {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  function clear(key: string): boolean {
    clearTimeout(timers.get(key));
    return timers.delete(key);
  }
  return {
    set(key, action, ms) {
      clear(key);
      const run = (): void => {
        timers.delete(key);
        action();
      };
      timers.set(key, setTimeout(run, ms));
    },
    clear,
    clearAll() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
