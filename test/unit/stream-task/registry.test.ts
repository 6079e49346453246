import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RegisterRequest, RemoveClientRequest } from '../../../shared/protocol/api.ts';
import { createCounts } from '../../../stream-task/counts.ts';
import { Pulse } from '../../../stream-task/pulse.ts';
import { Registry } from '../../../stream-task/registry.ts';
import { TIMING } from '../../../stream-task/timing.ts';
import { Turns } from '../../../stream-task/turns.ts';

const ROOM_ID = '00157';
const CLIENT_ID = '00000000-0000-4000-8000-000000000001';

describe('registry', () => {
  let removed: RemoveClientRequest[];
  /** The router has not answered to them yet. */
  let removing: boolean;
  let registry: Registry;
  let pulse: Pulse;

  /** The router tells of the client: it may connect within `ms`. */
  function register(generation: number, ms: number, outcome = 'registered'): void {
    const client = { client_id: CLIENT_ID, ticket_hash: '', generation, connect_by: Date.now() + ms };
    const request: RegisterRequest = {
      room_id: ROOM_ID,
      created_at: 1,
      epoch: 1,
      max_clients: 2,
      clients: [client],
    };
    expect(registry.register(request).kind).toBe(outcome);
  }

  beforeEach(() => {
    vi.useFakeTimers();
    pulse = new Pulse(TIMING.tick);
    removed = [];
    removing = false;
    const limits = { messages_per_second: 1, bytes_per_second: 1 };
    registry = new Registry({
      room_capacity: 1,
      connect_timeout: 30_000,
      resume_grace: 15_000,
      host: {
        limits: { ...limits, largest_message: 1, send_budget: 1 },
        timing: TIMING,
        counts: createCounts(),
        pulse,
        turns: new Turns(),
      },
      limits: { ...limits, max_frame_bytes: 1, max_control_bytes: 1, send_budget_bytes: 1 },
      events: {
        connected: () => {},
        removed: (removal) => removed.push(removal),
        removing: ({ generation }) => removing && generation < 2,
      },
    });
  });

  afterEach(() => {
    registry.stop();
    pulse.stop();
    vi.useRealTimers();
  });

  it('does not take up again what it has given up while the router does not know yet', () => {
    register(1, 10_000);
    vi.advanceTimersByTime(10_000);
    removing = true;
    register(1, 10_000, 'refused');
    expect(registry.rooms).toBe(0);
    register(2, 10_000);
    expect(registry.snapshot(ROOM_ID)).toMatchObject([{ clients: [{ generation: 2 }] }]);
  });

  it('keeps a waiting seat until the last instant that was promised, also by an earlier generation that comes late', () => {
    register(3, 10_000);
    vi.advanceTimersByTime(5_000);
    register(2, 10_000);
    vi.advanceTimersByTime(9_999);
    expect(removed).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(removed).toEqual([{ room_id: ROOM_ID, epoch: 1, client_id: CLIENT_ID, generation: 3 }]);
  });
});
