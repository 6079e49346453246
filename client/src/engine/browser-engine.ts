/** Engines of pages: in a Worker, or inline where none can be had. */
import type { Bytes } from '../e2ee/bytes.ts';
import type { OutgoingFrame } from '../e2ee/channel.ts';
import { AnteroomError } from '../errors.ts';
import type { Endpoint, Engine, EngineConfig, EngineEvents, OpenEngine } from './engine.ts';
import { openWorkerEngine, WorkerUnavailable } from './worker-engine.ts';
import type { WorkerPort } from './worker-engine.ts';
import { startWorker } from './worker-port.ts';

/** RFC 6455 §7.4.1: closed without a close frame. Also for what never opened. */
const ABNORMAL = 1006;

export interface BrowserEngineDeps {
  /** May throw. */
  startWorker(): WorkerPort;
  /** Loads what runs inline: only then, since a page that has Workers has no use for it. */
  loadInline(): Promise<OpenEngine>;
}

/** An engine that is replaced when its Worker dies: with new keys, like a page that was loaded anew. */
class PageEngine implements Engine {
  readonly #deps: BrowserEngineDeps;
  readonly #config: EngineConfig;
  readonly #events: EngineEvents;
  /** undefined once its Worker has died. */
  #engine: Engine | undefined;
  #reopening = false;
  /** Where the engine that is being opened again is to connect to. */
  #wanted: Endpoint | undefined;
  #disposed = false;

  constructor(deps: BrowserEngineDeps, config: EngineConfig, events: EngineEvents) {
    this.#deps = deps;
    this.#config = config;
    this.#events = events;
  }

  get bufferedAmount(): number {
    return this.#engine?.bufferedAmount ?? 0;
  }

  async open(): Promise<void> {
    const engine = await this.#openWorker().catch(async (error: unknown) => {
      if (error instanceof AnteroomError) throw error;
      const openInline = await this.#deps.loadInline();
      return openInline(this.#config, this.#events);
    });
    if (this.#disposed) engine.dispose();
    else this.#engine = engine;
  }

  connect(endpoint: Endpoint): void {
    if (this.#engine !== undefined) {
      this.#engine.connect(endpoint);
      return;
    }
    this.#wanted = endpoint;
    if (!this.#reopening) void this.#reopen();
  }

  move(endpoint: Endpoint): void {
    this.#engine?.move(endpoint);
  }

  send(frame: OutgoingFrame): void {
    this.#engine?.send(frame);
  }

  probe(): void {
    this.#engine?.probe();
  }

  async hangUp(leaving: boolean): Promise<void> {
    this.#wanted = undefined;
    await this.#engine?.hangUp(leaving);
  }

  async safetyNumber(): Promise<string> {
    return this.#present().safetyNumber();
  }

  async invite(to: readonly string[], room_id: string, secret: Bytes): Promise<string[]> {
    return this.#present().invite(to, room_id, secret);
  }

  dispose(): void {
    this.#disposed = true;
    this.#wanted = undefined;
    this.#engine?.dispose();
  }

  #present(): Engine {
    if (this.#engine !== undefined) return this.#engine;
    throw new AnteroomError('closed', 'The room is being connected anew; try again when it is live', {
      retryable: true,
    });
  }

  async #openWorker(): Promise<Engine> {
    let port: WorkerPort;
    try {
      port = this.#deps.startWorker();
    } catch (error) {
      throw new WorkerUnavailable(String(error));
    }
    return openWorkerEngine(port, this.#config, this.#events, () => {
      this.#engine = undefined;
    });
  }

  async #reopen(): Promise<void> {
    let fault = '';
    this.#reopening = true;
    try {
      await this.open();
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
    }
    this.#reopening = false;
    const endpoint = this.#wanted;
    this.#wanted = undefined;
    // Who wanted it may have hung up meanwhile.
    if (endpoint === undefined) return;
    if (this.#engine !== undefined) this.#engine.connect(endpoint);
    else this.#events.closed(ABNORMAL, fault);
  }
}

/** Opens an engine with what a page has. */
export function pageEngines(deps: BrowserEngineDeps): OpenEngine {
  return async (config, events) => {
    const engine = new PageEngine(deps, config, events);
    await engine.open();
    return engine;
  };
}

export const openBrowserEngine: OpenEngine = pageEngines({
  startWorker,
  async loadInline() {
    try {
      return (await import('./inline.ts')).openInline;
    } catch (cause) {
      throw new AnteroomError('network', 'A part of the SDK could not be loaded', { retryable: true, cause });
    }
  },
});
