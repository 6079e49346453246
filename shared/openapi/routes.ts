/** Every route of the HTTP APIs with what it takes and answers: docs/openapi.json and docs/api.md are made from it. */
import type { z } from 'zod';
import { KEY_LIFETIME_MS } from '../domain/liveness.ts';
import * as api from '../protocol/api.ts';
import { IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_HEADER } from '../protocol/idempotency-key.ts';
import type { ProblemCode } from '../protocol/problem.ts';

export interface RouteDescription {
  method: 'get' | 'post';
  path: string;
  /** Which process answers: the router's Lambdas, or a stream task. */
  server: 'router' | 'task';
  operation: string;
  summary: string;
  description: string;
  /** `task`, `router`: a token of that side; `operator`: AWS Signature Version 4; `anyone`: none. */
  caller: 'anyone' | 'operator' | 'task' | 'router';
  request?: z.ZodType;
  /** Headers of the request, beside those of HTTP itself. */
  headers?: { name: string; description: string; pattern: string }[];
  query?: { name: string; description: string }[];
  answers: { status: number; description: string; body?: z.ZodType; text?: string }[];
  problems: ProblemCode[];
}

const BODY_PROBLEMS: ProblemCode[] = [
  'malformed_json',
  'too_large',
  'unsupported_media_type',
  'invalid_request',
];
const KEY_PROBLEMS: ProblemCode[] = ['request_in_flight', 'idempotency_key_reused'];
const STORE_PROBLEMS: ProblemCode[] = ['internal', 'store_busy'];

const IDEMPOTENCY: Pick<RouteDescription, 'headers'> = {
  headers: [
    {
      name: IDEMPOTENCY_KEY_HEADER,
      description: `Makes it safe to send this request again when its answer was lost: for ${KEY_LIFETIME_MS / 60_000} minutes the same key with the same body is answered with the same seat (room, client and ticket; \`url\`, \`epoch\` and \`expires_at\` as they are now). A secret of the client: at least 128 random bits, drawn anew for each request. With another body or route: \`idempotency_key_reused\`. While the first request may still be at work: \`request_in_flight\`. When the seat has been given up since: \`room_not_found\` or \`client_not_found\`.`,
      pattern: IDEMPOTENCY_KEY.source,
    },
  ],
};

export const ROUTES: RouteDescription[] = [
  {
    method: 'get',
    path: '/health',
    server: 'router',
    operation: 'health',
    summary: 'Is the router up?',
    description: 'Answers without touching the tables.',
    caller: 'anyone',
    answers: [{ status: 200, description: 'It is.', body: api.health }],
    problems: [],
  },
  {
    method: 'post',
    path: '/create-room',
    server: 'router',
    operation: 'create-room',
    summary: 'Create a room and a seat in it',
    description:
      'Places a new room on a stream task and registers its first client there. The body may be left out. The grant says where to connect; the seat is kept until `expires_at` for a client that has not connected. Where no task has a place but the fleet may grow, the room waits for a task to start: 202, without `url` (docs/protocol.md, R70).',
    caller: 'anyone',
    request: api.createRoomRequest,
    ...IDEMPOTENCY,
    answers: [
      { status: 201, description: 'The room and its first seat.', body: api.grant },
      { status: 202, description: 'The same, of a room that waits for a task to start.', body: api.grant },
    ],
    problems: [
      ...BODY_PROBLEMS,
      ...KEY_PROBLEMS,
      'room_not_found',
      'client_not_found',
      'rooms_exhausted',
      'rate_limited',
      'no_task_available',
      ...STORE_PROBLEMS,
    ],
  },
  {
    method: 'post',
    path: '/join-room',
    server: 'router',
    operation: 'join-room',
    summary: 'Take a seat in a room, or take one up again',
    description:
      'With `room_id` alone: a new seat. With `client_id` and `ticket` too: the same client resumes; it keeps its id and its seat, and learns where the room is now; that may be repeated at will, and a key is not looked at. Requests that find nothing (404) are limited for each source address (`FAILED_JOINS`), since room ids can be guessed: beyond the limit a join is answered with `rate_limited`, whether there is such a room or not, and a resume without a seat with `client_not_found`.',
    caller: 'anyone',
    request: api.joinRoomRequest,
    ...IDEMPOTENCY,
    answers: [
      { status: 200, description: 'The seat.', body: api.grant },
      { status: 202, description: 'The same, of a room that waits for a task to start.', body: api.grant },
    ],
    problems: [
      ...BODY_PROBLEMS,
      ...KEY_PROBLEMS,
      'room_not_found',
      'client_not_found',
      'room_full',
      'rate_limited',
      'no_task_available',
      ...STORE_PROBLEMS,
    ],
  },
  {
    method: 'get',
    path: '/available-task',
    server: 'router',
    operation: 'available-task',
    summary: 'One task with room to spare',
    description: 'A task that a create might choose now. For operators.',
    caller: 'operator',
    query: [{ name: 'kind', description: 'relay (default) or render' }],
    answers: [{ status: 200, description: 'The task.', body: api.availableTask }],
    problems: ['invalid_request', 'no_task_available', ...STORE_PROBLEMS],
  },
  {
    method: 'get',
    path: '/available-tasks',
    server: 'router',
    operation: 'available-tasks',
    summary: 'All tasks with their load and state',
    description: 'For operators. The list may be some seconds behind.',
    caller: 'operator',
    answers: [{ status: 200, description: 'Every task that has a record.', body: api.availableTasks }],
    problems: STORE_PROBLEMS,
  },
  {
    method: 'post',
    path: '/put-task',
    server: 'router',
    operation: 'put-task',
    summary: 'Register a task, and renew its lease',
    description:
      'The first call is the registration, each later one a heartbeat. The header `Remote` carries the public IP address of the task. The answer lists the rooms that the task no longer owns.',
    caller: 'task',
    request: api.putTaskRequest,
    answers: [{ status: 200, description: 'The lease.', body: api.putTaskResponse }],
    problems: [...BODY_PROBLEMS, 'unauthorized', 'forbidden', 'task_id_taken', ...STORE_PROBLEMS],
  },
  {
    method: 'post',
    path: '/remove-client',
    server: 'router',
    operation: 'remove-client',
    summary: 'Give up the seat of a client that is gone',
    description: 'Idempotent. The last client of a room closes it.',
    caller: 'task',
    request: api.removeClientRequest,
    answers: [
      { status: 200, description: 'Done, also when it is long gone.', body: api.removeClientResponse },
    ],
    problems: [...BODY_PROBLEMS, 'unauthorized', ...STORE_PROBLEMS],
  },
  {
    method: 'post',
    path: '/migrate-room',
    server: 'router',
    operation: 'migrate-room',
    summary: 'Move a room away from a task that drains',
    description:
      'One room a call. Its clients keep ids and tickets and are registered at the new place before the answer. Idempotent: of a room that has moved already the present place is the answer.',
    caller: 'task',
    request: api.migrateRoomRequest,
    answers: [{ status: 200, description: 'Where the room is now.', body: api.migrateRoomResponse }],
    problems: [
      ...BODY_PROBLEMS,
      'unauthorized',
      'room_not_found',
      'stale_epoch',
      'no_task_available',
      ...STORE_PROBLEMS,
    ],
  },
  {
    method: 'get',
    path: '/openapi.json',
    server: 'router',
    operation: 'openapi',
    summary: 'This description',
    description: 'OpenAPI 3.1.',
    caller: 'anyone',
    answers: [{ status: 200, description: 'The document.', text: 'application/json' }],
    problems: [],
  },
  {
    method: 'get',
    path: '/health',
    server: 'task',
    operation: 'task-health',
    summary: 'Is the task up?',
    description: 'Answers `Healthy.` while the process serves.',
    caller: 'anyone',
    answers: [{ status: 200, description: '`Healthy.`', text: 'text/plain' }],
    problems: [],
  },
  {
    method: 'get',
    path: '/ready',
    server: 'task',
    operation: 'task-ready',
    summary: 'Does the task take new rooms?',
    description: '503 while it drains.',
    caller: 'anyone',
    answers: [{ status: 200, description: 'It does.', text: 'text/plain' }],
    problems: ['task_draining'],
  },
  {
    method: 'get',
    path: '/metrics',
    server: 'task',
    operation: 'task-metrics',
    summary: 'Metrics of the task',
    description: 'Prometheus text format.',
    caller: 'anyone',
    answers: [{ status: 200, description: 'The metrics.', text: 'text/plain' }],
    problems: [],
  },
  {
    method: 'post',
    path: '/register',
    server: 'task',
    operation: 'register',
    summary: 'Let clients of a room connect',
    description: 'Creates the room in the task if it is not there. Idempotent. An older epoch is refused.',
    caller: 'router',
    request: api.registerRequest,
    answers: [{ status: 200, description: 'They may connect.', body: api.registerResponse }],
    problems: [
      ...BODY_PROBLEMS,
      'unauthorized',
      'wrong_task',
      'stale_epoch',
      'task_draining',
      'no_task_available',
    ],
  },
  {
    method: 'post',
    path: '/drain',
    server: 'task',
    operation: 'drain',
    summary: 'Move the rooms of the task away, and end it',
    description:
      'Answers at once; the task ends when everybody has gone, at the latest at its deadline. Idempotent.',
    caller: 'router',
    answers: [{ status: 202, description: 'It drains.', body: api.drainResponse }],
    problems: ['unauthorized', 'wrong_task'],
  },
  {
    method: 'get',
    path: '/rooms',
    server: 'task',
    operation: 'rooms',
    summary: "The task's own view of its rooms",
    description: 'A snapshot that the sweep compares with the tables.',
    caller: 'router',
    query: [{ name: 'room_id', description: 'only this room' }],
    answers: [{ status: 200, description: 'The snapshot.', body: api.taskRooms }],
    problems: ['invalid_request', 'unauthorized', 'wrong_task', 'task_draining'],
  },
];
