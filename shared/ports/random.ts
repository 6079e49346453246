/** Randomness, as a port, so that tests can repeat a run. */
export interface Random {
  /** In [0, 1). */
  fraction(): number;
  /** An integer in [0, below), unpredictable. `below` ≤ 2^48 − 1. */
  integer(below: number): number;
  /** A random UUID (RFC 9562, version 4). */
  uuid(): string;
}
