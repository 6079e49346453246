/** The browser's end of `test/support/chromium/scenario.ts`: calls what the entry exports, in a page or in a Worker. */

export interface Call {
  name: string;
  args: readonly unknown[];
}

/** What can be handed over to Node. */
export type Outcome = { kind: 'value'; value: unknown } | { kind: 'error'; name: string; stack: string };

/** What the page is asked by. */
export interface Callable {
  anteroomCall?: (call: Call) => Promise<Outcome>;
}

interface Scope extends Callable {
  document?: unknown;
  addEventListener(type: 'message', listener: (event: { data: { id: number; call: Call } }) => void): void;
  addEventListener(type: 'unhandledrejection', listener: (event: { reason: unknown }) => void): void;
  postMessage(message: { id: number; outcome: Outcome }): void;
}

export function errorOutcome(error: unknown): Outcome {
  if (!(error instanceof Error)) return { kind: 'error', name: 'Error', stack: String(error) };
  const { name, stack, cause } = error;
  const because = cause instanceof Error ? `\ncaused by ${cause.stack}` : '';
  return { kind: 'error', name, stack: `${stack}${because}` };
}

/** Lets Node call the functions of `entry`. */
export function answerCalls(entry: Readonly<Record<string, unknown>>): void {
  const answer = async ({ name, args }: Call): Promise<Outcome> => {
    try {
      const called = entry[name];
      if (typeof called !== 'function') throw new TypeError(`the entry exports no function "${name}"`);
      return { kind: 'value', value: await (called as (...args: readonly unknown[]) => unknown)(...args) };
    } catch (error) {
      return errorOutcome(error);
    }
  };
  const scope = globalThis as unknown as Scope;
  if (scope.document !== undefined) {
    scope.anteroomCall = answer;
    return;
  }
  const tell = scope.postMessage.bind(scope);
  scope.addEventListener('message', ({ data: { id, call } }) => {
    void answer(call)
      .then((outcome) => tell({ id, outcome }))
      // What was given cannot be cloned.
      .catch((error: unknown) => tell({ id, outcome: errorOutcome(error) }));
  });
  // A rejection in a Worker is told to nobody outside; an exception is.
  scope.addEventListener('unhandledrejection', ({ reason }) => {
    setTimeout(() => {
      throw reason;
    });
  });
}
