/** The control endpoint of a local stack: what `npm run fault` and tests talk to. On the loopback interface only. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { listenLocally } from '../listen.ts';
import { isAlive } from '../run-folder.ts';
import type { CallOutcome } from '../router/messages.ts';
import { type FaultBoard, FaultError } from './board.ts';

/** A stack that can be disturbed, as it is found by others. */
export interface ControlFile {
  /** Of the router. */
  url: string;
  /** Of the control endpoint. */
  control: string;
}

const FILE = 'control.json';
const order = z.strictObject({
  target: z.string(),
  mode: z.string(),
  value: z.number().optional(),
  for_ms: z.number().optional(),
});

export interface Control {
  /** Base URL. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts it: `GET /faults` lists what there is, `POST /faults` takes an order (see {@link FaultBoard}), `POST /sweep`
 * runs update-tasks now and answers what it returned. Errors are 400 `{ error }`, a sentence for people.
 */
export async function startControl(
  board: FaultBoard,
  sweep: () => Promise<CallOutcome>,
  print: (line: string) => void,
): Promise<Control> {
  const reply = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url: path, headers } = request;
    // A page in a browser must not reach it: it says where it comes from, or under which name it found us.
    if (headers.origin !== undefined || headers.host !== new URL(url).host) {
      return reply(response, 403, { error: 'the control endpoint is not for pages' });
    }
    const route = `${method} ${path}`;
    if (route === 'GET /faults') return reply(response, 200, board.list());
    if (route === 'POST /faults') {
      const wanted = order.safeParse(parse(await text(request)));
      if (!wanted.success) return reply(response, 400, { error: z.prettifyError(wanted.error) });
      const said = await board.order(wanted.data);
      print(`fault: ${said}`);
      return reply(response, 200, { said });
    }
    if (route === 'POST /sweep') {
      const outcome = await sweep();
      return outcome.ok
        ? reply(response, 200, outcome.value)
        : reply(response, 400, { error: outcome.message });
    }
    return reply(response, 404, { error: `there is no ${route} here` });
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const expected = error instanceof FaultError;
      reply(response, expected ? 400 : 500, { error: (error as Error).message });
    });
  });
  const url = `http://127.0.0.1:${await listenLocally(server)}`;
  return {
    url,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Leaves word of a stack in its run folder. */
export function writeControlFile(folder: string, file: ControlFile): void {
  writeFileSync(join(folder, FILE), JSON.stringify(file));
}

/** The stacks of this repository that run now; `root` is its folder. */
export function runningStacks(root: string): ControlFile[] {
  const parent = join(root, '.anteroom');
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const pid = /^run-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || !isAlive(Number(pid))) return [];
    try {
      return [JSON.parse(readFileSync(join(parent, name, FILE), 'utf8')) as ControlFile];
    } catch {
      // It is still starting, or already stopping.
      return [];
    }
  });
}
