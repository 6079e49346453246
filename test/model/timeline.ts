/** Until when things were so, in steps of the scheduler. What was never noted has always been `initially`. */
export class Timeline {
  readonly #initially: boolean;
  /** Undefined while it is so. */
  readonly #until = new Map<string, number | undefined>();

  constructor(initially: boolean) {
    this.#initially = initially;
  }

  note(what: string, is: boolean, step: number): void {
    if (is) this.#until.set(what, undefined);
    else if (this.#is(what)) this.#until.set(what, step);
  }

  /** Whether `what` was so at some instant since the step `since`. */
  was(what: string, since: number): boolean {
    return this.#is(what) || (this.#until.get(what) ?? -1) >= since;
  }

  #is(what: string): boolean {
    return this.#until.has(what) ? this.#until.get(what) === undefined : this.#initially;
  }
}
