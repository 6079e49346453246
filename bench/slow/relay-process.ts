/** The process of {@link RelayProcess}: a relay as it is in a stream task. */
import { randomUUID } from 'node:crypto';
import { startRelay } from '../../stream-task/server.ts';
import { createLog } from '../../stream-task/log.ts';
import type { RegisterRequest } from '../../shared/protocol/api.ts';

export type ToRelay = { kind: 'register'; request: RegisterRequest } | { kind: 'memory' };

/** In each answer: memory in bytes, and connections. */
export interface FromRelay {
  rss: number;
  used: number;
  clients: number;
}

const relay = await startRelay(
  {
    PORT: 0,
    LANE: 'fast',
    ROOM_CAPACITY: 1_000,
    CONNECT_TIMEOUT: 3_600_000,
    RESUME_GRACE: 60_000,
    ALLOWED_ORIGINS: ['*'],
    MAX_FRAME_BYTES: 65_536,
    MESSAGE_RATE: 1_000,
    BYTE_RATE: 4_194_304,
    SEND_BUDGET: 1_048_576,
    MAX_SOCKETS_PER_ADDRESS: 10_000,
  },
  {
    task_id: randomUUID(),
    started_at: Date.now(),
    secrets: { get: () => Promise.resolve({ current: 'of no router' }) },
    log: createLog('warn', {}, process.stderr),
    events: { connected: () => {}, removed: () => {} },
  },
);

process.on('message', (question: ToRelay) => {
  if (question.kind === 'register') {
    const result = relay.registry.register(question.request);
    if (result.kind !== 'registered') throw new Error(`register was refused: ${result.code}`);
  } else globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const answer: FromRelay = { rss, used: heapUsed + external, clients: relay.registry.clients };
  process.send!(answer);
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
process.send!({ port: relay.port });
