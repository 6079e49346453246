/** Has the fleet looked at now instead of at the next minute: somebody found no place. */
export interface Waker {
  /** Never throws; what it fails to do the schedule does. Calls while one is under way become one more. */
  wake(): Promise<void>;
}
