/** The functions of serverless.yml as something that runs: loaded, reloaded, and called by schedules and events. */
import { watchFile } from 'node:fs';
import { watchHandlers } from './bundle.ts';
import { type BusEvent, matches } from './events.ts';
import type { Application } from './gateway.ts';
import { failureLine, type Handler, invoke } from './invoke.ts';
import { type Manifest, readManifest } from './manifest.ts';
import type { CallOutcome } from './messages.ts';
import { scheduledEvent, startSchedules } from './schedules.ts';

export interface RunningApplication {
  current: () => Application;
  /** Calls every function whose rule matches. */
  deliver: (event: BusEvent) => void;
  has: (name: string) => boolean;
  /** Calls one function with `event`, or as its schedule would. */
  call: (name: string, event?: unknown) => Promise<CallOutcome>;
}

interface ApplicationOptions {
  /** serverless.yml */
  file: string;
  outdir: string;
  region: string;
  print: (line: string) => void;
}

/** How often serverless.yml is looked at, ms. */
const LOOK_MS = 500;

/**
 * Loads everything, and starts to watch. Rejects if serverless.yml is not understood or a handler cannot be loaded;
 * later such a fault is printed, and what was loaded before stays.
 */
export async function runApplication(options: ApplicationOptions): Promise<RunningApplication> {
  const { file, outdir, region, print } = options;

  /** One version of serverless.yml with its handlers. */
  async function start() {
    const manifest = readManifest(file, process.env);
    let handlers: ReadonlyMap<string, Handler> = new Map();
    let fault: string | undefined;
    const watching = await watchHandlers({
      functions: manifest.functions,
      outdir,
      loaded(fresh, changed) {
        if (handlers.size > 0) print(`reloaded ${changed.join(', ')}`);
        handlers = fresh;
      },
      failed(message) {
        if (handlers.size > 0) print(`not reloaded, the handlers of before stay:\n${message}`);
        fault = message;
      },
    });
    if (handlers.size === 0 && manifest.functions.length > 0) {
      watching.stop();
      throw new Error(fault ?? 'no handler was loaded');
    }
    for (const note of manifest.notes) print(note);
    const stopSchedules = startSchedules(manifest.schedules, region, (name, event) => void call(name, event));
    return {
      application: (): Application => ({ manifest, handlers }),
      stop() {
        stopSchedules();
        watching.stop();
      },
    };
  }

  /** What went wrong is printed. */
  async function call(name: string, event: unknown): Promise<CallOutcome> {
    const { manifest, handlers } = running.application();
    const spec = manifest.functions.find((candidate) => candidate.name === name);
    const handler = handlers.get(name);
    if (spec === undefined || handler === undefined) {
      return { ok: false, message: `serverless.yml has no function ${name}`, unknown: true };
    }
    const result = await invoke(handler, spec, event, region);
    if (result.kind === 'returned') return { ok: true, value: result.value };
    const message = failureLine(spec, result);
    print(message);
    return { ok: false, message };
  }

  let running = await start();
  let changing = Promise.resolve();
  watchFile(file, { interval: LOOK_MS, persistent: false }, () => {
    changing = changing.then(async () => {
      try {
        const next = await start();
        const before = running;
        running = next;
        before.stop();
        print('reloaded serverless.yml');
      } catch (error) {
        print(`serverless.yml is not reloaded: ${(error as Error).message}`);
      }
    });
  });

  return {
    current: () => running.application(),
    deliver(event) {
      const { rules }: Manifest = running.application().manifest;
      const fields = event as unknown as Readonly<Record<string, unknown>>;
      for (const rule of rules) if (matches(rule.pattern, fields)) void call(rule.function, event);
    },
    has: (name) => running.application().handlers.has(name),
    call: (name, event) => call(name, event ?? scheduledEvent(name, region)),
  };
}
