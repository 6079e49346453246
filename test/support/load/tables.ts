/** What must hold of both tables, under load and when everybody has left. Pure: each breach is a sentence, none is an empty list. */
import { KEY_LIFETIME_MS } from '../../../shared/domain/liveness.ts';
import { itemBreaches, type StoredItem } from '../dynamodb-items.ts';

/** Items of both tables by what they are. */
export interface TableSizes {
  tasks: number;
  task_rooms: number;
  rooms: number;
  clients: number;
  keys: number;
  quota: number;
  others: number;
}

export function tableSizes(taskItems: readonly StoredItem[], roomItems: readonly StoredItem[]): TableSizes {
  const count = (items: readonly StoredItem[], fits: (item: StoredItem) => boolean) =>
    items.filter(fits).length;
  const sizes = {
    tasks: count(taskItems, ({ room_id }) => room_id === '#task'),
    task_rooms: count(taskItems, ({ room_id }) => !String(room_id).startsWith('#')),
    rooms: count(roomItems, ({ client_id }) => client_id === '#room'),
    clients: count(roomItems, ({ client_id }) => !String(client_id).startsWith('#')),
    keys: count(roomItems, ({ client_id }) => client_id === '#key'),
    quota: count(taskItems, ({ room_id }) => room_id === '#quota'),
  };
  const known = Object.values(sizes).reduce((sum, size) => sum + size, 0);
  return { ...sizes, others: taskItems.length + roomItems.length - known };
}

/** An item for people, without what is secret. */
function told(item: StoredItem): string {
  const { ticket_hash: _, ...rest } = item;
  return JSON.stringify(rest);
}

/**
 * When everybody has left: the tables hold the tasks that run, quota rows at 0, and of requests what expires by itself;
 * nothing else. `running`: task ids; `now`: ms since the Unix epoch.
 */
export function tableBreaches(
  taskItems: readonly StoredItem[],
  roomItems: readonly StoredItem[],
  running: readonly string[],
  now: number,
): string[] {
  const breaches = itemBreaches(taskItems, roomItems);
  const latest_ttl = (now + KEY_LIFETIME_MS) / 1_000 + 1;
  const seen = new Set<string>();
  for (const item of taskItems) {
    const id = String(item['task_id']);
    const name = `Tasks: ${told(item)}`;
    // What a fleet's plan remembers is no room's and no task's.
    if (item['room_id'] === '#scaling') continue;
    if (item['room_id'] === '#task') {
      seen.add(id);
      if (!running.includes(id)) breaches.push(`${name} is of a task that does not run`);
      else if (item['rooms'] !== 0) breaches.push(`${name} counts ${String(item['rooms'])} rooms`);
    } else if (item['room_id'] === '#quota') {
      if (item['held'] !== 0) breaches.push(`${name} holds ${String(item['held'])}`);
    } else breaches.push(`${name} is left over`);
  }
  for (const id of running) if (!seen.has(id)) breaches.push(`Tasks: task ${id} runs and is not there`);
  for (const item of roomItems) {
    const name = `Rooms: ${told(item)}`;
    const of_request = item['client_id'] === '#key' || item['client_id'] === '#failures';
    if (!of_request) breaches.push(`${name} is left over`);
    else if (Number(item['ttl']) > latest_ttl) breaches.push(`${name} does not expire in time`);
  }
  return breaches;
}

/** What must hold at any time: neither limit is exceeded, and nobody is in two rooms. */
export function limitBreaches(roomItems: readonly StoredItem[], max_rooms: number): string[] {
  const breaches: string[] = [];
  const rooms = roomItems.filter((item) => item['client_id'] === '#room');
  if (rooms.length > max_rooms) breaches.push(`there are ${rooms.length} rooms of ${max_rooms}`);
  const seats = new Map<string, string[]>();
  for (const { room_id, client_id } of roomItems) {
    if (String(room_id).startsWith('#') || client_id === '#room') continue;
    seats.set(String(client_id), [...(seats.get(String(client_id)) ?? []), String(room_id)]);
  }
  for (const [client_id, held] of seats) {
    if (held.length > 1) breaches.push(`${client_id} has a seat in rooms ${held.join(' and ')}`);
  }
  for (const { room_id, max_clients } of rooms) {
    const clients = [...seats.values()].filter((held) => held.includes(String(room_id))).length;
    if (clients > Number(max_clients)) {
      breaches.push(`room ${String(room_id)} has ${clients} clients of ${String(max_clients)}`);
    }
  }
  return breaches;
}

/**
 * What does not hold of the items is told once it was so in several looks in a row: a look is no snapshot, and what is under way
 * between its pages looks like a breach.
 */
export class LastingBreaches {
  readonly #looks: number;
  #seen = new Map<string, number>();

  constructor(looks: number) {
    this.#looks = looks;
  }

  /** Takes what one look has found, returns what is told now. */
  look(found: readonly string[]): string[] {
    this.#seen = new Map(found.map((breach) => [breach, (this.#seen.get(breach) ?? 0) + 1]));
    return found.filter((breach) => this.#seen.get(breach) === this.#looks);
  }
}
