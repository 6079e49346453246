/** Memory and handles of the processes of a soak, over time. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { memoryOf } from './inspector.ts';

/** The name of this process. */
export const LOAD = 'load';

/** One look at a process, right after a garbage collection. */
export interface Sample {
  /** Milliseconds since the Unix epoch. */
  at: number;
  heap_bytes: number;
  rss_bytes: number;
  /** Open files, and how many of them are sockets; undefined where there is no /proc. */
  fds: number | undefined;
  sockets: number | undefined;
}

/** One process from its beginning to its end; what replaces it is another. */
export interface Series {
  /** Such as `task 3`, `router`, `load`. */
  name: string;
  pid: number;
  samples: Sample[];
}

function handles(pid: number): Pick<Sample, 'fds' | 'sockets'> {
  try {
    const folder = `/proc/${pid}/fd`;
    const links = readdirSync(folder).map((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`);
      } catch {
        return ''; // Closed just now.
      }
    });
    return { fds: links.length, sockets: links.filter((link) => link.startsWith('socket:')).length };
  } catch {
    return { fds: undefined, sockets: undefined };
  }
}

/** Resident memory of a process that is not Node, bytes; undefined where there is no /proc. */
export function residentBytes(pid: number): number | undefined {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line === null ? undefined : Number(line[1]) * 1_024;
  } catch {
    return undefined;
  }
}

/** This process's `gc`, whether or not it was started with --expose-gc. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
}

export class Processes {
  readonly #series = new Map<number, Series>();
  /** Inspectors by the name of their process. */
  readonly #inspectors = new Map<string, string>();

  get series(): readonly Series[] {
    return [...this.#series.values()];
  }

  /** The process `name` has said where its inspector listens. */
  announce(name: string, url: string): void {
    this.#inspectors.set(name, url);
  }

  /** Looks at every process that answers, this one included. */
  async sample(): Promise<void> {
    const looks = [...this.#inspectors].map(async ([name, url]) => {
      const memory = await memoryOf(url);
      // Its port may be another's by then.
      if (memory === 'gone' && this.#inspectors.get(name) === url) this.#inspectors.delete(name);
      if (typeof memory === 'string') return;
      const { pid, ...bytes } = memory;
      this.#add(name, pid, bytes);
    });
    await Promise.all(looks);
    collectGarbage();
    const { heapUsed, rss } = process.memoryUsage();
    this.#add(LOAD, process.pid, { heap_bytes: heapUsed, rss_bytes: rss });
  }

  #add(name: string, pid: number, bytes: Pick<Sample, 'heap_bytes' | 'rss_bytes'>): void {
    const series = this.#series.get(pid) ?? { name, pid, samples: [] };
    this.#series.set(pid, series);
    series.samples.push({ at: Date.now(), ...bytes, ...handles(pid) });
  }
}
