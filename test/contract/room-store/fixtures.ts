import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { ticketHash } from '../../../shared/domain/ticket.ts';
import type { ClientRecord, RoomRecord } from '../../../shared/domain/room.ts';
import type { TaskRecord } from '../../../shared/domain/task.ts';
import type { NewClient, NewRoom, RoomStore, TaskReport } from '../../../shared/ports/room-store.ts';

export interface StoreUnderTest {
  store: RoomStore;
  /** What must hold at rest and does not: see test/support/store-invariants.ts. */
  breaches(): Promise<string[]>;
}

/** Gives an empty store. */
export type MakeStore = () => Promise<StoreUnderTest>;

/** The present, so that DynamoDB's time to live does not collect what a test looks at. Each test adds to it. */
export const NOW = Date.now();
export const HOUR = 3_600_000;
export const LEASE = 30_000;
export const MAX_ROOMS = 1_000;

/** A group of tests, each with an empty store, which must be in order at the end of each. */
export function contractGroup(name: string, make: MakeStore, tests: (store: RoomStore) => void): void {
  describe(`${name}:`, { timeout: 60_000 }, () => {
    let current: StoreUnderTest;
    beforeEach(async () => {
      current = await make();
    });
    afterEach(async () => {
      expect(await current.breaches()).toEqual([]);
    });
    // A name for whatever store the running test has.
    tests(
      new Proxy({} as RoomStore, {
        get: (_, method: keyof RoomStore) => current.store[method].bind(current.store),
      }),
    );
  });
}

export function report(overrides: Partial<TaskReport> = {}): TaskReport {
  return {
    task_id: `task-${randomUUID()}`,
    task_arn: 'arn:aws:ecs:eu-central-1:123456789012:task/anteroom/0123456789abcdef',
    state: 'READY',
    state_since: NOW - HOUR,
    kind: 'relay',
    region: 'eu-central-1',
    instance_ip: '203.0.113.7',
    port: 5_001,
    url: 'ws://203.0.113.7:5001',
    clients: 0,
    room_capacity: 1_000,
    lease_until: NOW + LEASE,
    started_at: NOW - HOUR,
    heartbeat_seq: 0,
    ...overrides,
  };
}

/** A registered task. */
export async function aTask(store: RoomStore, overrides: Partial<TaskReport> = {}): Promise<TaskRecord> {
  const result = await store.putTask(report(overrides));
  expect(result.kind).toBe('registered');
  return result.task;
}

let lastRoomId = 0;

/** A room id that no other test has. */
export function newRoomId(): string {
  return String(++lastRoomId).padStart(6, '0');
}

export function newClient(overrides: Partial<NewClient> = {}): NewClient {
  return {
    client_id: randomUUID(),
    ticket_hash: ticketHash(randomUUID()),
    expires_at: NOW + 60_000,
    ...overrides,
  };
}

export function newRoom(overrides: Partial<NewRoom> = {}): NewRoom {
  return {
    room_id: newRoomId(),
    epoch: NOW,
    kind: 'relay',
    max_clients: 10,
    created_at: NOW,
    expires_at: NOW + 24 * HOUR,
    client: newClient(),
    ...overrides,
  };
}

/** A room on `task` with its first client. */
export async function aRoom(
  store: RoomStore,
  task: TaskRecord,
  overrides: Partial<NewRoom> = {},
  max_rooms = MAX_ROOMS,
): Promise<{ room: RoomRecord; client: ClientRecord }> {
  const wanted = newRoom(overrides);
  const result = await store.createRoom(wanted, task, max_rooms, NOW);
  if (result.kind !== 'created') throw new Error(`no room was created: ${result.kind}`);
  const client: ClientRecord = {
    ...wanted.client,
    room_id: wanted.room_id,
    status: 'RESERVED',
    generation: 1,
    updated_at: NOW,
  };
  return { room: result.room, client };
}

/** One more client of `room`. */
export async function aClient(store: RoomStore, room: RoomRecord): Promise<ClientRecord> {
  const result = await store.addClient(room, newClient(), NOW);
  if (result.kind !== 'admitted') throw new Error(`no client was admitted: ${result.kind}`);
  return result.client;
}

export async function theClient(
  store: RoomStore,
  room: { room_id: string },
  client_id: string,
): Promise<ClientRecord> {
  const { client } = await store.getRoomAndClient(room.room_id, client_id);
  if (client === undefined) throw new Error('the client is not there');
  return client;
}

/** The key by which a client is removed or marked connected. */
export function keyOf(room: RoomRecord, client: ClientRecord) {
  return {
    room_id: room.room_id,
    epoch: room.epoch,
    client_id: client.client_id,
    generation: client.generation,
  };
}

/** Keys that differ from `key` in one field each, the numbers by one in either direction. */
export function keysUnlike(key: ReturnType<typeof keyOf>): ReturnType<typeof keyOf>[] {
  return [
    { ...key, generation: key.generation - 1 },
    { ...key, generation: key.generation + 1 },
    { ...key, epoch: key.epoch - 1 },
    { ...key, epoch: key.epoch + 1 },
    { ...key, client_id: newClient().client_id },
    { ...key, room_id: newRoomId() },
  ];
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** How many of `results` are of each kind. */
export function tally(results: readonly { kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of results) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
