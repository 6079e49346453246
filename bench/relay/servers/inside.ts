/**
 * Anteroom's server, which also takes the time of what it relays: from the call with which Node hands over what was read to
 * the return of the last write that follows. Asked for `inside` it tells them, and forgets them.
 */
import { createInterface } from 'node:readline';
import { Connection } from '../../../stream-task/lane/connection.ts';
import './anteroom.ts';

/** µs */
let times: number[] = [];
let came = 0;
let last_write = 0;

const lane = Connection.prototype;
const read = Reflect.get(lane, 'read');
const write = Reflect.get(lane, 'write');

lane.read = function (bytes) {
  // Nothing else is under way at an idle relay: what was written since the last read was its frame.
  if (last_write > came) times.push((last_write - came) * 1_000);
  came = performance.now();
  read.call(this, bytes);
};

lane.write = function (frames) {
  const taken = write.call(this, frames);
  last_write = performance.now();
  return taken;
};

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line !== 'inside') return;
  process.stdout.write(`${JSON.stringify(times)}\n`);
  times = [];
});
