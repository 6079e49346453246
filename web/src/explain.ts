/** What went wrong, in words for the person at the screen, with the way out. One table; no component has its own. */
import type { CloseReason, ErrorCode } from '@anteroom/client';

/**
 * The way out: `retry`: the same again; `rejoin`: into the same room on a new seat; `create`: to the start page and a
 * new room; `secure`: the same address on https.
 */
export type WayOut = 'retry' | 'rejoin' | 'create' | 'secure';

export interface Explanation {
  title: string;
  detail: string;
  /** The best way out first. */
  ways_out: readonly WayOut[];
}

/** What this page reads of an `AnteroomError`. */
export interface Failure {
  code: ErrorCode;
  message: string;
  faults: readonly { path: string; message: string }[];
}

type Row = readonly [title: string, detail: string, ...ways_out: WayOut[]];

/** The fields of requests as the page calls them. */
const FIELDS: Readonly<Record<string, string>> = { max_clients: 'Seats', room_id: 'Room number' };

const faultText = ({ path, message }: Failure['faults'][number]): string =>
  `${FIELDS[path] ?? path}: ${message}.`;

const BUSY: Row = [
  'There is no room to be had right now',
  'All servers are busy. Try again in a moment.',
  'retry',
  'create',
];
const SETBACK: Row = [
  'That did not work',
  'The service made a mistake. Try again in a moment.',
  'retry',
  'create',
];
const MISFIT: Row = [
  'That did not work',
  'This page and the service do not fit together. Reload the page to get its newest version.',
  'retry',
  'create',
];
const REFUSED: Row = [
  'The relay did not let you in',
  'Your seat may have run out. Join again on a new one.',
  'rejoin',
  'create',
];
const SEAT_GONE: Row = [
  'Your seat in this room is gone',
  'You were away for too long, or the room has closed. Join again on a new seat.',
  'rejoin',
  'create',
];

/** `room_id` is undefined where there is no room yet. */
const FAILURES: Readonly<Record<ErrorCode, (failure: Failure, room_id: string | undefined) => Row>> = {
  room_not_found: (_, room_id) => [
    room_id === undefined ? 'There is no such room (any more)' : `There is no room ${room_id} (any more)`,
    'Rooms close when everybody has left. Check the number, or create a new room.',
    'create',
    'retry',
  ],
  // The answer itself says how many seats there are.
  room_full: ({ message }) => ['The room is full', message, 'retry', 'create'],
  rooms_exhausted: () => [
    'All rooms are taken',
    'Another can be created as soon as one has closed.',
    'retry',
    'create',
  ],
  rate_limited: () => ['Too many attempts', 'Wait a moment, then try again.', 'retry', 'create'],
  invalid_request: ({ faults, message }) => [
    'The request was refused',
    faults.map(faultText).join(' ') || message,
    'create',
  ],
  forbidden: () => [
    'This page may not use this service',
    'Its operator has to allow the address of the page.',
    'retry',
    'create',
  ],
  network: () => [
    'The service cannot be reached',
    'Check your connection to the internet, then try again.',
    'retry',
    'create',
  ],
  client_not_found: () => SEAT_GONE,
  unauthorized: () => SEAT_GONE,
  closed: () => REFUSED,
  aborted: () => REFUSED,
  no_task_available: () => BUSY,
  task_draining: () => BUSY,
  store_busy: () => BUSY,
  internal: () => SETBACK,
  task_id_taken: () => SETBACK,
  stale_epoch: () => SETBACK,
  request_in_flight: () => BUSY,
  idempotency_key_reused: () => MISFIT,
  wrong_task: () => SETBACK,
  protocol: () => MISFIT,
  not_found: () => MISFIT,
  method_not_allowed: () => MISFIT,
  malformed_json: () => MISFIT,
  unsupported_media_type: () => MISFIT,
  too_large: () => MISFIT,
  invalid_argument: () => MISFIT,
  // Of these a room tells that one is in; the page shows them there.
  unreadable: () => MISFIT,
  lost: () => MISFIT,
  not_sent: () => MISFIT,
  not_secure: () => [
    'This page cannot encrypt',
    'Rooms are sealed, and browsers encrypt on https:// and on localhost only. Open the page there.',
    'secure',
  ],
};

const explanation = ([title, detail, ...ways_out]: Row): Explanation => ({ title, detail, ways_out });

/** Why creating or joining failed. */
export function explainFailure(failure: Failure, room_id?: string): Explanation {
  return explanation(FAILURES[failure.code](failure, room_id));
}

/** How long a seat is kept after its connection broke, ms, unless the deployment has another RESUME_GRACE. */
export const SEAT_KEPT_MS = 15_000;

/** What a break that has lasted for `lost_for_ms` means. */
export function explainBreak(lost_for_ms: number): string {
  const seat = lost_for_ms < SEAT_KEPT_MS ? 'Your seat is kept.' : 'You may have to join again.';
  return `The connection was lost. ${seat}`;
}

/** Why a room that one was in is over; undefined if one left it oneself. */
export function explainClose(reason: CloseReason, room_id: string): Explanation | undefined {
  if (reason.kind === 'left') return undefined;
  if (reason.kind === 'gave_up') {
    const why = explainFailure(reason.error, room_id);
    return { ...why, title: `The connection was lost: ${lowerFirst(why.title)}` };
  }
  if (reason.kind === 'gone') return explanation(SEAT_GONE);
  if (reason.kind === 'replaced') {
    return explanation([
      'You are in this room elsewhere',
      'Your seat was taken up in another tab or window. Go on there, or join here on a second seat.',
      'rejoin',
      'create',
    ]);
  }
  return explanation([
    'The connection was refused',
    `The relay closed it for good (code ${reason.code}). Join again on a new seat.`,
    'rejoin',
    'create',
  ]);
}

const lowerFirst = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1);
