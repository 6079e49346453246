/** The servers that are up at a time: all of one scenario, or in a quick run all of them. */
import { startServer } from './server-process.ts';
import type { ServerProcess, Surroundings } from './server-process.ts';
import type { System } from './systems.ts';

export class Servers implements AsyncDisposable {
  readonly #surroundings: Surroundings;
  readonly #running = new Map<string, ServerProcess>();
  /** What the servers say of themselves, by system. */
  readonly versions = new Map<string, string>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** The server of `system`: started now if it has not been (`fresh`), or if it has died. */
  async of(system: System): Promise<{ server: ServerProcess; fresh: boolean }> {
    const known = this.#running.get(system.name);
    if (known?.running === true) return { server: known, fresh: false };
    const server = await startServer(system, this.#surroundings);
    this.#running.set(system.name, server);
    this.versions.set(system.name, server.ready.version);
    return { server, fresh: true };
  }

  /** Stops them all; those that are needed again are started anew. */
  async stop(): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map((server) => server.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
