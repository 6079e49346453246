import type { TaskRecord } from '../../shared/domain/task.ts';

/** A task of no load that is READY; its ARN is `arn:<task_id>`. */
export const taskRecord = (task_id: string, more: Partial<TaskRecord> = {}): TaskRecord => ({
  task_id,
  task_arn: `arn:${task_id}`,
  state: 'READY',
  state_since: 0,
  kind: 'relay',
  region: 'test-1',
  instance_ip: '127.0.0.1',
  port: 1,
  url: 'ws://127.0.0.1:1',
  rooms: 0,
  clients: 0,
  room_capacity: 100,
  lease_until: 1,
  started_at: 0,
  heartbeat_seq: 0,
  silent: 0,
  silent_resuming: 0,
  ...more,
});
