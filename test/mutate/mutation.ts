/** One defence of the encryption, and what takes it away. */
export interface Mutation {
  /** What is defended, for people. */
  defence: string;
  /** Below client/src. */
  file: string;
  /** Text that is there exactly once. */
  find: string;
  replace: string;
  /** Test files, below test/unit/e2ee, that are likely to notice: they are asked first, since all together take longer. */
  ask: readonly string[];
}
