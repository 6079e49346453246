/** How a stack comes to rest when everybody has left: what must be gone then, and that all places are free again. */
import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';
import { SETTLED_MS } from '../../../shared/domain/liveness.ts';
import { type Ledger, OUTAGES } from './ledger.ts';
import type { LoadStack } from './stack.ts';
import { tableBreaches } from './tables.ts';

/** What is due has been done this long after it was due. */
const SPARE_MS = 1_000;
/** What a sweep or a task does just now is over after so many looks. */
const LOOKS = 10;
const LOOK_MS = 1_000;
/** Creates under way at once. */
const PARALLEL = 4;
/** Seats of the room that is filled up. */
const SEATS = 3;

/** Waits until nobody is counted who is gone, and sweeps once. */
export async function settle(stack: LoadStack, ledger: Ledger, print: (line: string) => void): Promise<void> {
  const wait = async (until: number, what: string): Promise<void> => {
    const ms = Math.max(0, until - Date.now());
    if (ms >= 1_000) print(`waiting ${Math.ceil(ms / 1_000)} s ${what}`);
    await sleep(ms + SPARE_MS);
  };
  // A sweep leaves rows alone that a request cut short may just have written: that takes a router or DynamoDB that was away.
  const last = (kinds: readonly string[]) =>
    Math.max(0, ...ledger.faults.filter(({ kind }) => kinds.includes(kind)).map(({ until }) => until));
  const leases_end = ledger.calmSince() + stack.lease_ms;
  await wait(Math.max(leases_end, last(OUTAGES) + SETTLED_MS), 'until the leases of the dead have run out');
  await stack.sweep();
  // Seats of clients that were never heard of again, on tasks that died: the sweep could not know that nobody comes.
  const seats_end = Date.now() + Math.max(stack.connect_timeout_ms, stack.resume_grace_ms);
  await wait(seats_end, 'until the seats that it moved have run out');
}

/** What does not hold of the tables at rest. */
export async function restBreaches(stack: LoadStack, looks = LOOKS): Promise<string[]> {
  for (let look = 1; ; look++) {
    const [tasks, rooms] = await stack.items();
    const running = stack.tasks().map(({ task_id }) => task_id);
    const breaches = tableBreaches(tasks, rooms, running, Date.now());
    if (breaches.length === 0 || look >= looks) return breaches;
    await sleep(LOOK_MS);
  }
}

/** What a task itself holds at rest: no room, no client. Sockets that were kept for later close by themselves. */
export async function heldBreaches(stack: LoadStack): Promise<string[]> {
  const breaches: string[] = [];
  for (const [task_id, url] of await stack.addresses()) {
    const response = await fetch(new URL('/metrics', url.replace(/^ws/, 'http')));
    const text = await response.text();
    for (const what of ['rooms', 'clients']) {
      const value = new RegExp(`^anteroom_${what} (\\d+)$`, 'm').exec(text)?.[1];
      if (value !== '0') breaches.push(`task ${task_id} holds ${value} ${what}`);
    }
  }
  return breaches;
}

/** At rest all places are free: MAX_ROOMS rooms can be made and no more, and a room takes in as many as it has seats. */
export async function placeBreaches(stack: LoadStack): Promise<string[]> {
  const { url, max_rooms } = stack;
  const breaches: string[] = [];
  async function ask(path: string, body: object): Promise<{ code?: string; room_id?: string }> {
    const response = await fetch(`${url}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as { code?: string; room_id?: string };
  }
  const create = () => ask('create-room', { max_clients: SEATS, wait: false });
  const answers = await pMap(Array.from({ length: max_rooms }), create, { concurrency: PARALLEL });
  const refused = answers.filter(({ room_id }) => room_id === undefined);
  if (refused.length > 0) {
    const codes = [...new Set(refused.map(({ code }) => code))].join(', ');
    breaches.push(
      `${refused.length} of ${max_rooms} rooms could not be made though none was there: ${codes}`,
    );
  }
  const [, rows] = await stack.items();
  const rooms = rows.filter((item) => item['client_id'] === '#room').length;
  const { code } = await create();
  if (rooms === max_rooms && code !== 'rooms_exhausted') {
    breaches.push(`one room more than ${max_rooms} was asked for, and the answer was ${code ?? 'a room'}`);
  }
  const room_id = answers.at(-1)?.room_id;
  if (room_id === undefined) return breaches;
  const joins = [];
  for (let seat = 0; seat < SEATS; seat++) joins.push((await ask('join-room', { room_id })).code ?? 'seat');
  if (joins.join() !== 'seat,seat,room_full') {
    breaches.push(`a room with ${SEATS} seats, one of them taken, answered ${joins.join(', ')}`);
  }
  return breaches;
}
