/** The router as something that can be stopped and started again on its port while everything else lives. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type RouterProcess, spawnRouter, takePort } from './router-process.ts';
import type { Tape } from './recording.ts';
import type { Start, ToRouter } from './router/messages.ts';

/** Somebody may hold the port for a moment, a connection that was made from it for instance. */
const PORT_TRIES = 50;
const PORT_PAUSE_MS = 100;

export interface KeptRouter {
  readonly state: 'running' | 'frozen' | 'stopped';
  /** SIGSTOP and SIGCONT; nothing to do if it is stopped. */
  freeze(): void;
  thaw(): void;
  /** Starts it for the first time; resolves when it listens on `socket`. */
  start: RouterProcess['start'];
  /** What is sent while it is stopped arrives when it has been started again, as EventBridge would try again. */
  send(message: ToRouter): void;
  call: RouterProcess['call'];
  /** Ends the process by `signal` and waits until it is gone. Meanwhile nobody listens on its port. */
  halt(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Starts it again, as it was started first; resolves when it listens. Nothing to do if it runs. */
  again(): Promise<void>;
  /** Resolves, with a sentence, if it ends by itself. */
  readonly lost: Promise<string>;
  end(): Promise<void>;
}

/** Spawns the process at once: it loads while others start. `port`: where it is to listen, each time. `tape`: for its output. */
export function keepRouter(
  env: NodeJS.ProcessEnv,
  port: number,
  print: (line: string) => void,
  tape?: Tape,
): KeptRouter {
  const lost = Promise.withResolvers<string>();
  let begun: Start | undefined;
  /** Undefined while it is stopped on purpose. */
  let router: RouterProcess | undefined;
  let frozen: RouterProcess | undefined;
  let starting: Promise<void> | undefined;
  let ended = false;
  const unsent: ToRouter[] = [];

  function spawn(): RouterProcess {
    const spawned = spawnRouter(env, print, tape);
    router = spawned;
    void spawned.lost.then((sentence) => {
      if (router === spawned) lost.resolve(sentence);
    });
    return spawned;
  }

  async function freePort(): Promise<Awaited<ReturnType<typeof takePort>>['socket']> {
    for (let tries = 1; ; tries++) {
      try {
        return (await takePort(port)).socket;
      } catch (error) {
        if (tries === PORT_TRIES || ended) throw error;
        await sleep(PORT_PAUSE_MS);
      }
    }
  }

  async function startAgain(start: Start): Promise<void> {
    const socket = await freePort();
    if (ended) return void socket.close();
    const spawned = spawn();
    try {
      await spawned.start(start, socket);
      for (const message of unsent.splice(0)) spawned.send(message);
    } catch (error) {
      router = undefined;
      await spawned.end();
      throw error;
    }
  }

  spawn();
  return {
    lost: lost.promise,
    get state() {
      return router === undefined ? 'stopped' : frozen === router ? 'frozen' : 'running';
    },
    freeze() {
      router?.signal('SIGSTOP');
      frozen = router;
    },
    thaw() {
      router?.signal('SIGCONT');
      frozen = undefined;
    },
    async start(start, socket) {
      begun = start;
      await router?.start(start, socket);
    },
    send(message) {
      if (router === undefined) unsent.push(message);
      else router.send(message);
    },
    call: async (name, more) =>
      (await router?.call(name, more)) ?? { ok: false, message: 'the router is stopped: start it first' },
    async halt(signal) {
      await starting?.catch(() => undefined);
      const halted = router;
      router = undefined;
      if (halted === undefined) return;
      halted.signal(signal);
      // A process that is stopped (SIGSTOP) ends only once it goes on.
      halted.signal('SIGCONT');
      await halted.lost;
    },
    async again() {
      if (router !== undefined || begun === undefined) return starting;
      starting ??= startAgain(begun).finally(() => (starting = undefined));
      return starting;
    },
    async end() {
      ended = true;
      await starting?.catch(() => undefined);
      const last = router;
      router = undefined;
      await last?.end();
    },
  };
}
