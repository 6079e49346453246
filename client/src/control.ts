/** Reads what the relay says. Unknown types and fields are ignored: the relay may be newer. */
import { DROPPED_CLASSES, MOST_DROPPED, parseControl } from '../../shared/protocol/control.ts';
import type {
  Congested,
  Dropped,
  Joined,
  Left,
  Moved,
  NeedKeyframe,
  Peer,
  RelayLimits,
  Welcome,
} from '../../shared/protocol/control.ts';
import { MAX_SLOT, MAX_STREAM } from '../../shared/protocol/frame.ts';
import { CLIENT_ID } from '../../shared/protocol/subprotocol.ts';

/** The control messages that this SDK acts on. */
export type Control = Welcome | Joined | Left | Moved | NeedKeyframe | Congested | Dropped;

export type ControlReading =
  { kind: 'control'; control: Control } | { kind: 'ignored' } | { kind: 'malformed'; message: string };

const LEFT_REASONS: ReadonlySet<unknown> = new Set<Left['reason']>(['gone', 'resuming', 'moved']);

type Fields = Readonly<Record<string, unknown>>;

const LIMITS = [
  'max_frame_bytes',
  'max_control_bytes',
  'messages_per_second',
  'bytes_per_second',
  'send_budget_bytes',
  'max_clients',
] as const satisfies (keyof RelayLimits)[];

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isUpTo = (value: unknown, highest: number): value is number => isCount(value) && value <= highest;
const isSlot = (value: unknown): value is number => isUpTo(value, MAX_SLOT);
const isId = (value: unknown): value is string => typeof value === 'string' && CLIENT_ID.test(value);
const isPeer = (value: unknown): value is Peer =>
  isObject(value) && isSlot(value['slot']) && isId(value['client_id']);

function isWelcome(fields: Fields): boolean {
  const { room_id, epoch, slot, clients, limits, resume_grace_ms } = fields;
  return (
    typeof room_id === 'string' &&
    isCount(epoch) &&
    isSlot(slot) &&
    Array.isArray(clients) &&
    clients.every(isPeer) &&
    isObject(limits) &&
    LIMITS.every((name) => isCount(limits[name])) &&
    isCount(resume_grace_ms)
  );
}

function isDroppedFrames(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { slot, class: name, stream, count } = value;
  return (
    isSlot(slot) &&
    typeof name === 'string' &&
    Object.hasOwn(DROPPED_CLASSES, name) &&
    isUpTo(stream, MAX_STREAM) &&
    isCount(count) &&
    count > 0
  );
}

const CHECKS: Record<Control['type'], (fields: Fields) => boolean> = {
  welcome: isWelcome,
  joined: isPeer,
  left: (fields) => isPeer(fields) && LEFT_REASONS.has(fields['reason']),
  moved: ({ epoch, url }) => isCount(epoch) && (url === undefined || typeof url === 'string'),
  need_keyframe: (fields) => isUpTo(fields['stream'], MAX_STREAM),
  // Nobody is his own receiver.
  congested: (fields) => isUpTo(fields['level'], 3) && isUpTo(fields['receivers'], MAX_SLOT),
  dropped: ({ frames }) =>
    Array.isArray(frames) && frames.length <= MOST_DROPPED && frames.every(isDroppedFrames),
};

/** Reads one text message of the relay. */
export function readControl(text: string): ControlReading {
  const fields = parseControl(text);
  if (fields === undefined) {
    return { kind: 'malformed', message: 'The relay sent a text message that is no control message' };
  }
  if (!Object.hasOwn(CHECKS, fields.type)) return { kind: 'ignored' };
  if (!CHECKS[fields.type as Control['type']](fields)) {
    return { kind: 'malformed', message: `The relay sent a malformed "${fields.type}" message` };
  }
  return { kind: 'control', control: fields as unknown as Control };
}
