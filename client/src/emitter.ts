/** Reports what a listener threw, as the platform does for its own events. */
export type ReportException = (exception: unknown) => void;

/**
 * The platform's own way: `reportError` (window's `error` event) where there is one, else an uncaught exception. This is
 * what `EventTarget` does: a fault of a listener is loud, and neither the other listeners nor the room notice it.
 */
export const reportException: ReportException = (exception) => {
  const { reportError } = globalThis as { reportError?: ReportException };
  if (typeof reportError === 'function') {
    reportError(exception);
    return;
  }
  queueMicrotask(() => {
    throw exception;
  });
};

type Listeners<Events> = { [E in keyof Events]?: readonly { call(value: Events[E]): void }[] };

/**
 * Listeners by event. Lists are replaced, never changed, so that `emit` allocates nothing. What is emitted by a listener
 * waits until the others have heard the event before: all hear the same, in the same order.
 */
export class Emitter<Events extends object> {
  readonly #report: ReportException;
  #listeners: Listeners<Events> = {};
  #emitting = false;
  readonly #later: (() => void)[] = [];

  constructor(report: ReportException = reportException) {
    this.#report = report;
  }

  /** Calls `listener` on each event; returns what stops that. Each call registers anew. */
  on<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): () => void {
    const entry = { call: listener };
    this.#listeners[event] = [...(this.#listeners[event] ?? []), entry];
    return () => {
      this.#listeners[event] = this.#listeners[event]?.filter((other) => other !== entry);
    };
  }

  emit<E extends keyof Events>(event: E, value: Events[E]): void {
    if (this.#emitting) {
      this.#later.push(() => this.#call(event, value));
      return;
    }
    this.#emitting = true;
    try {
      this.#call(event, value);
      for (let next = this.#later.shift(); next !== undefined; next = this.#later.shift()) next();
    } finally {
      this.#emitting = false;
    }
  }

  #call<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const listener of this.#listeners[event] ?? []) {
      try {
        listener.call(value);
      } catch (exception) {
        this.#report(exception);
      }
    }
  }
}
