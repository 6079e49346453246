/** What each sender may have of something, so that one of them cannot keep this page busy for all. */
export interface Allowance {
  /** Whether `key` may have one more now; if so, it is counted. */
  take(key: string): boolean;
  /** `key` starts anew. */
  forget(key: string): void;
}

/** Token buckets by key: `burst` at once, then one each `every_ms`. */
export function createAllowance(burst: number, every_ms: number, now: () => number): Allowance {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take(key) {
      const time = now();
      const bucket = buckets.get(key) ?? { left: burst, at: time };
      const left = Math.min(burst, bucket.left + (time - bucket.at) / every_ms);
      buckets.set(key, { left: left < 1 ? left : left - 1, at: time });
      return left >= 1;
    },
    forget(key) {
      buckets.delete(key);
    },
  };
}
