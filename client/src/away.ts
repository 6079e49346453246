/** A client that is away. */
interface Absence {
  /** For how long it was waited for already, ms; `since`: and from then on, on the monotonic clock. */
  waited: number;
  since: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Clients whose connection broke: each until it is back, is told to be gone, or has been away for so long that its seat
 * must have run out. Only the time counts in which we would have heard of its return, see {@link Away.pause}.
 */
export class Away {
  readonly #overdue: (client_id: string) => void;
  readonly #absences = new Map<string, Absence>();
  #limit_ms: number | undefined;

  constructor(overdue: (client_id: string) => void) {
    this.#overdue = overdue;
  }

  add(client_id: string): void {
    const absence: Absence = { waited: 0, since: 0, timer: undefined };
    this.#absences.set(client_id, absence);
    if (this.#limit_ms !== undefined) this.#arm(client_id, absence, this.#limit_ms);
  }

  /** Whether it was away. */
  delete(client_id: string): boolean {
    clearTimeout(this.#absences.get(client_id)?.timer);
    return this.#absences.delete(client_id);
  }

  /** Our own connection is live: each is waited for, up to `limit_ms` in all. */
  watch(limit_ms: number): void {
    this.pause();
    this.#limit_ms = limit_ms;
    for (const [client_id, absence] of this.#absences) this.#arm(client_id, absence, limit_ms);
  }

  /** Our own connection broke, or the room is over: no timer is left. */
  pause(): void {
    if (this.#limit_ms === undefined) return;
    this.#limit_ms = undefined;
    for (const absence of this.#absences.values()) {
      clearTimeout(absence.timer);
      absence.waited += performance.now() - absence.since;
    }
  }

  #arm(client_id: string, absence: Absence, limit_ms: number): void {
    absence.since = performance.now();
    absence.timer = setTimeout(
      () => {
        this.#absences.delete(client_id);
        this.#overdue(client_id);
      },
      Math.max(0, limit_ms - absence.waited),
    );
  }
}
