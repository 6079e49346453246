/** A recording of the local stack (dev/recording.ts), as what one would search. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientPayloads, FrameReader } from './wire-frames.ts';

/** Who said it to whom, or where it stands. */
export const PLACES = [
  'client to router',
  'router to client',
  'client to relay',
  'relay to client',
  'router to task',
  'task to router',
  'router to DynamoDB',
  'DynamoDB to router',
  'output of the router',
  'output of tasks',
  'output of the stack',
  'tables',
  'metrics',
] as const;
export type Place = (typeof PLACES)[number];

export interface Stretch {
  place: Place;
  bytes: Buffer;
}

/** What a test adds to a recording, by the names that it gives: connections `client`, outputs `stack`, `tables` and `metrics`. */
const CONNECTIONS: Record<string, [to: Place, from: Place]> = {
  client: ['client to router', 'router to client'],
  task: ['router to task', 'task to router'],
  router: ['task to router', 'router to task'],
  dynamodb: ['router to DynamoDB', 'DynamoDB to router'],
};
const OUTPUTS: Record<string, Place> = {
  router: 'output of the router',
  task: 'output of tasks',
  stack: 'output of the stack',
  tables: 'tables',
  metrics: 'metrics',
};
const WEBSOCKET = /^upgrade: *websocket\r?$/im;
const HEAD_END = '\r\n\r\n';

const headOf = (bytes: Buffer): string => bytes.toString('latin1', 0, bytes.indexOf(HEAD_END));

/** The payloads of the messages behind the head of a WebSocket connection: without masks, and without what is between them. */
function payloadsOf(bytes: Buffer, of_client: boolean): Buffer {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return Buffer.alloc(0);
  const frames = bytes.subarray(end + HEAD_END.length);
  if (of_client) return Buffer.concat(clientPayloads(frames));
  return Buffer.concat(new FrameReader().push(frames).map(({ payload }) => payload));
}

/** HTTP as it is, and once more without what parts the chunks of a body. */
function* httpStretches(place: Place, bytes: Buffer): Generator<Stretch> {
  yield { place, bytes };
  const text = bytes.toString('latin1');
  yield { place, bytes: Buffer.from(text.replace(/\r\n[0-9a-f]+\r\n/gi, ''), 'latin1') };
}

/** Everything in `folder`. Throws for what it could not look into, such as bodies that are compressed. */
export function* readTraffic(folder: string): Generator<Stretch> {
  for (const name of readdirSync(folder)) {
    const [, what = '', direction] = /^([a-z]+)[^.]*\.(?:\d+\.)?(to|from|out)$/.exec(name) ?? [];
    const bytes = readFileSync(join(folder, name));
    if (direction === 'out') {
      yield { place: OUTPUTS[what]!, bytes };
      continue;
    }
    if (/^(?:content-encoding|sec-websocket-extensions):/im.test(bytes.toString('latin1'))) {
      throw new Error(`${name} has compressed bodies or messages`);
    }
    const is_to = direction === 'to';
    const opener = is_to ? bytes : readFileSync(join(folder, name.replace(/from$/, 'to')));
    if (WEBSOCKET.test(headOf(opener))) {
      const place = is_to ? 'client to relay' : 'relay to client';
      yield { place, bytes };
      yield { place, bytes: payloadsOf(bytes, is_to) };
    } else yield* httpStretches(CONNECTIONS[what]![is_to ? 0 : 1], bytes);
  }
}
