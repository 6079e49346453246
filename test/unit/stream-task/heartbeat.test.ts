import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PutTaskRequest } from '../../../shared/protocol/api.ts';
import { createCounts } from '../../../stream-task/counts.ts';
import { Connects } from '../../../stream-task/connects.ts';
import { startHeartbeat } from '../../../stream-task/heartbeat.ts';
import { createLog } from '../../../stream-task/log.ts';
import type { RouterClient } from '../../../stream-task/router-client.ts';

describe('heartbeat', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells at most a thousand connects a call, and what is left at once', async () => {
    const calls: PutTaskRequest[] = [];
    const connects = new Connects();
    const connect = (n: number) => ({ room_id: '10000', epoch: 1, client_id: `client ${n}`, generation: 1 });
    let failing = true;
    const router: Pick<RouterClient, 'putTask'> = {
      putTask(request) {
        calls.push(request);
        // A client that comes meanwhile waits for the next call, which it does not bring about.
        connects.add(connect(10_000 + calls.length));
        if (failing) return Promise.resolve({ kind: 'unreachable', detail: 'x' });
        const { task_id, state } = request;
        return Promise.resolve({ kind: 'answered', body: { task_id, state, lease_until: 1, not_owned: [] } });
      },
    };
    for (let n = 0; n < 2_500; n++) connects.add(connect(n));
    const heartbeat = startHeartbeat({
      identity: {
        task_id: 't',
        kind: 'relay',
        region: 'r',
        port: 1,
        url: 'ws://203.0.113.7:1',
        room_capacity: 1,
        started_at: 0,
        remote: '203.0.113.7',
      },
      interval: 60_000,
      router,
      load: () => ({ rooms: [], clients: 0 }),
      disown() {},
      connects,
      timing: { retry_first: 250, stop_call: 100 },
      counts: createCounts(),
      log: createLog('fatal'),
    });
    const sizes = () => calls.map((call) => call.connects.length);
    expect(sizes(), 'none follows a call that failed at once').toEqual([1_000]);
    failing = false;
    await vi.advanceTimersByTimeAsync(250);
    await heartbeat.registered;
    expect(sizes()).toEqual([1_000, 1_000, 1_000, 503]);
    const told = calls.slice(1).flatMap((call) => call.connects.map(({ client_id }) => client_id));
    expect(new Set(told).size).toBe(2_503);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(sizes()).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sizes().slice(4)).toEqual([1]);
    await heartbeat.tell('STOPPED');
  });
});
