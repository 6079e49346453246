/**
 * `npm run dev`: the whole stack on this machine. Prints `ready <url>` when everything answers; Ctrl-C ends every
 * process it started, a second Ctrl-C kills them at once. Settings: see the README.
 */
import { parseArgs } from 'node:util';
import { ConfigError } from '../shared/config/read.ts';
import { killChildren } from './child.ts';
import type { FromStack } from './messages.ts';
import { type Stack, startStack } from './stack.ts';

/** npm hands on the Ctrl-C that the terminal has sent us already: what comes this soon after is the same one, ms. */
const SAME_SIGNAL_MS = 300;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
/** To the process that started us over IPC, as tests do. */
const tell = (message: FromStack): void => {
  if (process.connected) process.send?.(message);
};

const stopping = new AbortController();
let stack: Stack | undefined;
let stopped_at: number | undefined;

async function stop(code: number): Promise<void> {
  stopped_at = performance.now();
  stopping.abort();
  await stack?.stop();
  process.exit(code);
}

function onSignal(): void {
  if (stopped_at === undefined) {
    print('stopping');
    // While it starts, the start itself is ended early and stops what it has started.
    if (stack === undefined) {
      stopped_at = performance.now();
      stopping.abort();
    } else void stop(0);
  } else if (performance.now() - stopped_at > SAME_SIGNAL_MS) {
    killChildren();
    process.exit(1);
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
// Whoever started us over IPC is gone, or has let go of us.
process.on('disconnect', onSignal);
// The terminal is gone: what is printed is lost, what runs must still be ended in order.
process.stdout.on('error', () => undefined);

try {
  const { values } = parseArgs({
    options: {
      /** The fleet stays as it was started: a task that died is not replaced, none is added or taken out. */
      'no-restart': { type: 'boolean', default: false },
      /** The page is prepared when somebody asks for it, not before: starts sooner. */
      'lazy-page': { type: 'boolean', default: false },
      /** Proxies stand in front of the database and of each task, so that connections can be disturbed. */
      faults: { type: 'boolean', default: false },
      /** A folder: what passes the proxies, and what the processes print, is written to files in it. */
      record: { type: 'string' },
    },
  });
  stack = await startStack({
    env: process.env,
    restart: !values['no-restart'],
    lazy_page: values['lazy-page'],
    proxies: values.faults,
    record: values.record,
    print,
    signal: stopping.signal,
    tasksChanged: (tasks) => tell({ kind: 'tasks', tasks }),
  });
  void stack.lost.then((sentence) => {
    if (stopped_at !== undefined) return;
    print(sentence);
    void stop(1);
  });
  print(`ready ${stack.url}`);
  tell({ kind: 'ready', url: stack.url, aws: stack.aws, control: stack.control });
} catch (error) {
  if (stopping.signal.aborted) process.exit(0);
  process.stderr.write(`${error instanceof ConfigError ? error.message : describe(error)}\n`);
  process.exit(1);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
