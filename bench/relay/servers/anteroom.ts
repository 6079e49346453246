/** The relay of a stream task as it is, with limits that are not in the way of a benchmark. */
import { randomUUID } from 'node:crypto';
import { createLog } from '../../../stream-task/log.ts';
import { keepNewSpaceSmall } from '../../../stream-task/memory.ts';
import { startRelay } from '../../../stream-task/server.ts';
import { tlsFiles, ready } from './listen.ts';

// As the process of a stream task does.
keepNewSpaceSmall();

const secret = { current: process.env['BENCH_SECRET']! };
const task_id = randomUUID();
const tls = tlsFiles();

const relay = await startRelay(
  {
    PORT: 0,
    LANE: 'fast',
    ROOM_CAPACITY: 100_000,
    CONNECT_TIMEOUT: 600_000,
    RESUME_GRACE: 1_000,
    ALLOWED_ORIGINS: ['*'],
    MAX_FRAME_BYTES: 65_536,
    MESSAGE_RATE: 10_000_000,
    BYTE_RATE: 10_000_000_000,
    SEND_BUDGET: 1_048_576,
    MAX_SOCKETS_PER_ADDRESS: 1_000_000,
  },
  {
    task_id,
    started_at: Date.now(),
    secrets: { get: () => Promise.resolve(secret) },
    log: createLog('warn', {}, process.stderr),
    events: { connected: () => {}, removed: () => {} },
    max_newcomers: 100_000,
    ...(tls === undefined ? {} : { tls }),
  },
);
ready(relay.port, '', { task_id });
