/**
 * Schemas of the HTTP APIs, written once: they validate requests, give the types, the SDK's types and
 * `GET /openapi.json`. Names follow the source design (create-room, join-room, put-task, remove-client).
 * All instants are integers, milliseconds since the Unix epoch.
 */
import { z } from 'zod';
import { CLIENT_ID, ROOM_ID, TICKET } from './subprotocol.ts';

const roomId = z
  .string({ error: 'must be a string of digits, such as "00157"' })
  .regex(ROOM_ID, 'must be a string of 4 to 12 digits, such as "00157"')
  .meta({ description: 'Room id: a string of digits, leading zeros included.', example: '00157' });
const clientId = z
  .string({ error: 'must be a UUID in lower case' })
  .regex(CLIENT_ID, 'must be a UUID in lower case')
  .meta({ description: 'Client id: a UUID, public within the room.' });
const ticket = z
  .string({ error: 'must be the ticket of the grant' })
  .regex(TICKET, 'must be the ticket of the grant: 43 characters of base64url')
  .meta({ description: 'Ticket: the secret that lets this client open its socket and resume.' });
const ticketHash = z.string().regex(TICKET, 'must be a SHA-256 in base64url');
const instant = z.int().nonnegative().meta({ description: 'Milliseconds since the Unix epoch.' });
const count = z.int().nonnegative();
const epoch = z
  .int()
  .positive()
  .meta({ description: 'Epoch of the room: grows whenever the room is placed anew.' });
const generation = z
  .int()
  .positive()
  .meta({ description: "Generation of the client's connection: grows with each resume." });
const taskId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 characters of A–Z, a–z, 0–9, "_" and "-"');

export const taskKind = z.enum(['relay', 'render']);
export type TaskKind = z.infer<typeof taskKind>;

export const taskState = z.enum(['STARTING', 'READY', 'STANDBY', 'DRAINING', 'STOPPED']);
export type TaskState = z.infer<typeof taskState>;

// ── client ⇄ router ──────────────────────────────────────────────────────────────────────────────────────────────────

/** The largest `max_clients` that any deployment may allow. `MAX_CLIENTS` is the deployment's own, lower, limit. */
export const MAX_CLIENTS_CEILING = 1_000;

export const createRoomRequest = z
  .strictObject({
    max_clients: z
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(MAX_CLIENTS_CEILING, `must be at most ${MAX_CLIENTS_CEILING}`)
      .optional()
      .meta({
        description: 'Clients in the room at most. Default and upper limit: MAX_CLIENTS of the deployment.',
      }),
    kind: taskKind.optional().meta({ description: 'Kind of task that serves the room. Default: relay.' }),
    wait: z.boolean().optional().meta({
      description:
        'Whether the room may wait for a task to start where none has a place (202). Default: true; false: then it is refused (503).',
    }),
  })
  .meta({ id: 'CreateRoomRequest' });
export type CreateRoomRequest = z.infer<typeof createRoomRequest>;

export const joinRoomRequest = z
  .strictObject({ room_id: roomId, client_id: clientId.optional(), ticket: ticket.optional() })
  .refine((body) => (body.client_id === undefined) === (body.ticket === undefined), {
    error: 'client_id and ticket go together: give both to resume, neither to join as a new client',
    path: ['ticket'],
  })
  .meta({ id: 'JoinRoomRequest' });
export type JoinRoomRequest = z.infer<typeof joinRoomRequest>;

export const grant = z
  .object({
    room_id: roomId,
    client_id: clientId,
    url: z.string().optional().meta({
      description:
        'WebSocket address of the task that serves the room (ws: or wss:). Absent while the room is pending.',
    }),
    control_url: z.string().optional().meta({
      description:
        'WebSocket address of the control channel (ws: or wss:), which tells what becomes of the room while no task can. Absent where there is none.',
    }),
    ticket,
    expires_at: instant.meta({
      description:
        'Open: connect before this instant, else the seat is given to another. Pending: if no task has started by then, the room is given up.',
    }),
    max_clients: z.int().positive(),
    state: z
      .enum(['open', 'pending'])
      .meta({ description: 'open: connect to `url`. pending: the room waits for a task to start.' }),
    epoch,
  })
  .meta({ id: 'Grant' });
export type Grant = z.infer<typeof grant>;
/** A grant of a room that has a place. */
export type OpenGrant = Grant & { state: 'open'; url: string };

export const health = z.object({ status: z.literal('healthy') }).meta({ id: 'Health' });

// ── operator ⇄ router ────────────────────────────────────────────────────────────────────────────────────────────────

export const availableTask = z
  .object({
    task_id: taskId,
    kind: taskKind,
    state: taskState,
    url: z.string(),
    rooms: count,
    clients: count,
    room_capacity: z.int().positive(),
    lease_until: instant,
  })
  .meta({ id: 'AvailableTask' });
export type AvailableTask = z.infer<typeof availableTask>;

export const scalingDecision = z
  .object({
    at: instant,
    kind: taskKind,
    reason: z.string().meta({ description: 'Why, in a sentence.' }),
    actions: z.array(z.string()).meta({ description: 'What was done; long lists are cut.' }),
    limited: z
      .enum(['max_tasks', 'min_tasks', 'backoff', 'outage', 'launch_batch', 'trial'])
      .optional()
      .meta({ description: 'What kept the plan from doing what the margins ask for.' }),
    rooms: count.meta({ description: 'Rooms in use, those that wait included.' }),
    waiting: count.meta({ description: 'Rooms that need a place.' }),
    free: count.meta({ description: 'Free places.' }),
    coming: count.meta({ description: 'Places of tasks that are starting.' }),
    wanted: count.meta({ description: 'Free places below which tasks are added.' }),
    allowed: count.meta({ description: 'Free places above which tasks are taken out.' }),
    tasks: z.record(z.string(), count).meta({ description: 'Tasks by state.' }),
  })
  .meta({ id: 'ScalingDecision' });
export type ScalingDecision = z.infer<typeof scalingDecision>;

export const availableTasks = z
  .object({
    tasks: z.array(availableTask),
    scaling: z.array(scalingDecision).meta({
      description:
        'The last decisions on the size of the fleet that did something or were limited, the newest first.',
    }),
  })
  .meta({ id: 'AvailableTasks' });
export type AvailableTasks = z.infer<typeof availableTasks>;

// ── task → router ────────────────────────────────────────────────────────────────────────────────────────────────────

const roomEpoch = z.object({ room_id: roomId, epoch });

export const putTaskRequest = z
  .strictObject({
    task_id: taskId,
    task_arn: z.string().max(2_048).optional().meta({ description: 'ARN in ECS; absent outside ECS.' }),
    kind: taskKind,
    region: z.string().min(1).max(64),
    /** What the task says of itself. The router alone puts a task on STANDBY. */
    state: z.enum(['READY', 'DRAINING', 'STOPPED']),
    port: z.int().min(1).max(65_535),
    url: z
      .string()
      .max(2_048)
      .regex(/^wss?:\/\/[^/\s]+\/?$/, 'must be ws://host[:port] or wss://host[:port]'),
    room_capacity: z.int().positive(),
    clients: count,
    started_at: instant,
    heartbeat_seq: count.meta({
      description: 'Grows with each call of this process; an older one is ignored.',
    }),
    rooms: z.array(roomEpoch).max(100_000).meta({ description: 'Every room that the task serves.' }),
    connects: z
      .array(z.object({ room_id: roomId, epoch, client_id: clientId, generation }))
      .max(100_000)
      .meta({ description: 'Clients that connected since the last call that was answered.' }),
  })
  .meta({ id: 'PutTaskRequest' });
export type PutTaskRequest = z.infer<typeof putTaskRequest>;

export const putTaskResponse = z
  .object({
    task_id: taskId,
    state: taskState,
    lease_until: instant,
    /** `url` and `epoch` of the new place, where there is one: the task tells them to the room's clients. */
    not_owned: z
      .array(roomEpoch.extend({ moved_to: z.object({ url: z.string(), epoch }).optional() }))
      .meta({ description: 'Rooms of the request that the task no longer owns.' }),
  })
  .meta({ id: 'PutTaskResponse' });
export type PutTaskResponse = z.infer<typeof putTaskResponse>;

export const removeClientRequest = z
  .strictObject({ room_id: roomId, epoch, client_id: clientId, generation })
  .meta({ id: 'RemoveClientRequest' });
export type RemoveClientRequest = z.infer<typeof removeClientRequest>;

export const removeClientResponse = z
  .object({
    removed: z
      .boolean()
      .meta({ description: 'False if it was gone already, or the removal is of an older connection.' }),
  })
  .meta({ id: 'RemoveClientResponse' });
export type RemoveClientResponse = z.infer<typeof removeClientResponse>;

export const migrateRoomRequest = z
  .strictObject({ room_id: roomId, epoch })
  .meta({ id: 'MigrateRoomRequest' });
export type MigrateRoomRequest = z.infer<typeof migrateRoomRequest>;

export const migrateRoomResponse = z
  .object({
    room_id: roomId,
    epoch,
    url: z.string().meta({ description: 'WebSocket address of the task that serves the room now.' }),
  })
  .meta({ id: 'MigrateRoomResponse' });
export type MigrateRoomResponse = z.infer<typeof migrateRoomResponse>;

// ── router → task ────────────────────────────────────────────────────────────────────────────────────────────────────

export const registerRequest = z
  .strictObject({
    room_id: roomId,
    created_at: instant.meta({
      description:
        'When the room was created (ms since the epoch): tells it from an earlier room of the same number.',
    }),
    epoch,
    max_clients: z.int().positive(),
    clients: z
      .array(
        z.strictObject({
          client_id: clientId,
          ticket_hash: ticketHash.meta({ description: 'SHA-256 of the ticket string, base64url.' }),
          generation,
          connect_by: instant.meta({ description: 'The seat expires then unless the client has connected.' }),
        }),
      )
      .max(MAX_CLIENTS_CEILING),
    gone: z
      .array(z.strictObject({ client_id: clientId, generation }))
      .max(MAX_CLIENTS_CEILING)
      .optional()
      .meta({
        description: 'Clients that the router no longer counts: the task forgets them, unless newer.',
      }),
  })
  .meta({ id: 'RegisterRequest' });
export type RegisterRequest = z.infer<typeof registerRequest>;

export const registerResponse = z
  .object({ room_id: roomId, epoch, clients: count })
  .meta({ id: 'RegisterResponse' });
export type RegisterResponse = z.infer<typeof registerResponse>;

/** What a task answers to `POST /drain`. */
export const drainResponse = z
  .object({
    rooms: count.meta({ description: 'Rooms that are still to be moved.' }),
    deadline_ms: count.meta({ description: 'The task has ended, or ends, after so many ms at most.' }),
  })
  .meta({ id: 'DrainResponse' });
export type DrainResponse = z.infer<typeof drainResponse>;

/** `GET /rooms[?room_id=…]` of a task. */
export const taskRooms = z
  .object({
    task_id: taskId,
    taken_at: instant.meta({
      description: 'When the task took the snapshot, by its own clock (ms since the epoch).',
    }),
    started_at: instant.meta({
      description: 'When the process started, by its own clock (ms since the epoch).',
    }),
    rooms: z.array(
      z.object({
        room_id: roomId,
        epoch,
        clients: z.array(z.object({ client_id: clientId, generation, connected: z.boolean() })),
      }),
    ),
  })
  .meta({ id: 'TaskRooms' });
export type TaskRooms = z.infer<typeof taskRooms>;
