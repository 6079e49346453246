import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SETTLED_MS } from '../../../shared/domain/liveness.ts';
import { planRepairs } from '../../../shared/domain/reconcile.ts';
import type { ClientRecord, RoomRecord } from '../../../shared/domain/room.ts';
import type { TaskRooms } from '../../../shared/protocol/api.ts';

const NOW = Date.UTC(2026, 0, 2);
const TTL = 86_400_000;
/** Long settled. */
const OLD = NOW - 600_000;

const room = (more: Partial<RoomRecord> = {}): RoomRecord => ({
  room_id: '12345',
  task_id: 'a',
  url: 'ws://127.0.0.1:1',
  epoch: 7,
  state: 'OPEN',
  kind: 'relay',
  clients: 1,
  max_clients: 4,
  created_at: OLD,
  placed_at: OLD,
  expires_at: NOW + TTL,
  quota_shard: 0,
  ...more,
});
const client = (more: Partial<ClientRecord> = {}): ClientRecord => ({
  room_id: '12345',
  client_id: 'c',
  status: 'CONNECTED',
  ticket_hash: 'h',
  generation: 2,
  expires_at: NOW + TTL,
  updated_at: OLD + 10_000,
  ...more,
});
const seen = (generation: number, connected: boolean, epoch = 7): TaskRooms['rooms'][number] => ({
  room_id: '12345',
  epoch,
  clients: [{ client_id: 'c', generation, connected }],
});
const emptyRoom = { room_id: '12345', epoch: 7, clients: [] };
const snapshot = { taken_at: NOW, started_at: OLD - 60_000 };
const kinds = (
  rows: { room: RoomRecord; clients: ClientRecord[] },
  view: TaskRooms['rooms'][number] | undefined,
  from = snapshot,
) => planRepairs(rows, view, from, NOW, TTL).map(({ kind }) => kind);

describe('repairs of a room', () => {
  const reserved = { status: 'RESERVED', expires_at: NOW + 10_000 } as const;
  const over = { status: 'RESERVED', expires_at: NOW - 1 } as const;
  it.each([
    ['all is well', room(), client(), seen(2, true), []],
    ['the task gave the seat up after it had reported it', room(), client(), emptyRoom, ['remove']],
    ['the task forgot the room after it had reported the seat', room(), client(), undefined, ['remove']],
    [
      'the task may never have heard of the connected client',
      room(),
      client({ updated_at: OLD }),
      emptyRoom,
      ['register'],
    ],
    [
      'the room was placed anew since the client was reported',
      room({ placed_at: OLD + 9_000 }),
      client(),
      undefined,
      ['register'],
    ],
    ['a reservation is not known', room(), client(reserved), emptyRoom, ['register']],
    ['a reservation is over and not known', room(), client(over), emptyRoom, ['remove']],
    ['a reservation is over, but the task still holds it', room(), client(over), seen(2, false), []],
    ['a connect was not reported', room(), client(over), seen(2, true), ['connected']],
    ['a resume did not reach the task', room(), client(reserved), seen(1, true), ['register']],
    ['the task serves another epoch', room(), client(), seen(2, true, 6), []],
    ['the room has expired', room({ expires_at: NOW - 1 }), client(), emptyRoom, ['close']],
    [
      'the room has expired while a seat is kept',
      room({ expires_at: NOW - 1 }),
      client(),
      seen(2, false),
      [],
    ],
    [
      'the room has expired while a client may still connect',
      room({ expires_at: NOW - 1 }),
      client(reserved),
      emptyRoom,
      ['register'],
    ],
    [
      'the room has expired while somebody is connected',
      room({ expires_at: NOW - 1 }),
      client(),
      seen(2, true),
      ['extend'],
    ],
    [
      'half of its time is over while somebody is connected',
      room({ expires_at: NOW + 1 }),
      client(),
      seen(2, true),
      ['extend'],
    ],
    ['the room was only just placed', room({ placed_at: NOW - SETTLED_MS + 1 }), client(), undefined, []],
    ['the client was only just written', room(), client({ updated_at: NOW - SETTLED_MS + 1 }), emptyRoom, []],
  ])('%s', (_name, rowRoom, rowClient, view, expected) => {
    expect(kinds({ room: rowRoom, clients: [rowClient] }, view)).toEqual(expected);
  });

  it('registers again whom a process that began anew does not know', () => {
    const anew = { taken_at: NOW, started_at: NOW - 60_000 };
    expect(kinds({ room: room(), clients: [client()] }, emptyRoom, anew)).toEqual(['register']);
  });

  it('tells the task of clients that have no seat', () => {
    expect(planRepairs({ room: room(), clients: [] }, seen(2, true), snapshot, NOW, TTL)).toEqual([
      { kind: 'forget', clients: [{ client_id: 'c', generation: 2 }] },
    ]);
  });

  it('never end a seat that somebody may still use', () => {
    const rows = fc.record({
      placed_at: fc.integer({ min: NOW - 120_000, max: NOW }),
      status: fc.constantFrom('RESERVED' as const, 'CONNECTED' as const),
      expires_at: fc.integer({ min: NOW - 60_000, max: NOW + 60_000 }),
      updated_at: fc.integer({ min: NOW - 120_000, max: NOW }),
      generation: fc.integer({ min: 1, max: 3 }),
      started_at: fc.integer({ min: NOW - 180_000, max: NOW }),
      view: fc.option(fc.record({ generation: fc.integer({ min: 1, max: 3 }), connected: fc.boolean() })),
    });
    fc.assert(
      fc.property(rows, ({ placed_at, started_at, view, ...row }) => {
        const steps = planRepairs(
          { room: room({ placed_at }), clients: [client(row)] },
          view === null ? emptyRoom : seen(view.generation, view.connected),
          { taken_at: NOW, started_at },
          NOW,
          TTL,
        );
        const removed = steps.some((step) => step.kind === 'remove' || step.kind === 'close');
        const held = view !== null;
        const reservedStill = row.status === 'RESERVED' && row.expires_at > NOW;
        const unheardOf = row.status === 'CONNECTED' && row.updated_at <= Math.max(placed_at, started_at);
        const unsettled = Math.max(row.updated_at, placed_at) > NOW - SETTLED_MS;
        expect(removed && (held || reservedStill || unheardOf || unsettled)).toBe(false);
      }),
    );
  });
});
