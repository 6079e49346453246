/** Frames between their bytes and what the SDK shows: slots become client ids and the other way round. */
import { DROPPED_CLASSES } from '../../shared/protocol/control.ts';
import type { RelayLimits } from '../../shared/protocol/control.ts';
import {
  encodeFrame,
  FRAME_CLASS,
  HEADER_BYTES,
  headerFault,
  MAX_LAYER,
  MAX_STREAM,
  payloadOf,
  readHeader,
  TO_ALL,
} from '../../shared/protocol/frame.ts';
import type { FrameClass, FrameFault } from '../../shared/protocol/frame.ts';
import type { OutgoingFrame } from './e2ee/channel.ts';
import { SEAL_BYTES, SIGNED_BYTES } from './e2ee/overhead.ts';
import type { Slots } from './engine/slots.ts';
import { AnteroomError } from './errors.ts';
import type { Frame, SendOptions } from './types.ts';

export type FrameReading =
  /** `from` names the sender where one is to blame. */
  { kind: 'frame'; frame: Frame } | { kind: 'refused'; message: string; from?: string };

const FAULTS: Record<FrameFault, string> = {
  short: 'A frame is shorter than its header',
  version: 'A frame has an unknown version',
  class: 'A frame has an unknown class',
};

/** Reads a binary message of the relay. The payload is a view, not a copy. */
export function readFrame(
  bytes: Uint8Array<ArrayBuffer>,
  own_slot: number,
  slots: Pick<Slots, 'idOf'>,
): FrameReading {
  const fault = headerFault(bytes);
  if (fault !== undefined) return { kind: 'refused', message: FAULTS[fault] };
  const { source, destination, e2e, ...header } = readHeader(bytes);
  const from = slots.idOf(source);
  if (from === undefined) {
    return { kind: 'refused', message: `A frame came from slot ${source}, which nobody has` };
  }
  if (destination !== TO_ALL && destination !== own_slot) {
    return { kind: 'refused', message: `A frame is for slot ${destination}, which is not ours`, from };
  }
  // Never pass a ciphertext on as if it were what the sender said.
  if (e2e) return { kind: 'refused', message: 'A frame is sealed, and this room has no keys', from };
  return {
    kind: 'frame',
    frame: { ...header, from, unicast: destination !== TO_ALL, payload: payloadOf(bytes) },
  };
}

const invalid = (message: string): AnteroomError => new AnteroomError('invalid_argument', message);

function checkField(name: string, value: number, highest: number): void {
  if (!Number.isInteger(value) || value < 0 || value > highest) {
    throw invalid(`${name} must be a whole number from 0 to ${highest}, not ${value}`);
  }
}

/** Where a frame is to go. `limits`: undefined before the relay has told them. */
export interface Destination {
  limits: RelayLimits | undefined;
  sealed: boolean;
}

/** What a frame needs besides its payload: bytes, and of what. */
function overhead(frame_class: FrameClass, sealed: boolean): [number, string] {
  if (!sealed) return [HEADER_BYTES, `the header's ${HEADER_BYTES}`];
  const seal = HEADER_BYTES + SEAL_BYTES;
  const what = `the ${HEADER_BYTES} of the header, ${SEAL_BYTES} of the seal`;
  return frame_class === FRAME_CLASS.MSG
    ? [seal + SIGNED_BYTES, `${what} and ${SIGNED_BYTES} of the signature`]
    : [seal, what];
}

/**
 * Throws `invalid_argument` for a frame that can never be sent. The size is checked against `limits` once they are known.
 */
export function checkOutgoing(
  frame_class: FrameClass,
  payload: Uint8Array,
  { stream = 0, layer = 0 }: SendOptions,
  { limits, sealed }: Destination,
): void {
  checkField('class', frame_class, FRAME_CLASS.AUDIO);
  if (sealed && frame_class === FRAME_CLASS.CTRL) {
    throw invalid("class CTRL is the encryption's own in a sealed room: send with FRAME_CLASS.MSG");
  }
  checkField('stream', stream, MAX_STREAM);
  checkField('layer', layer, MAX_LAYER);
  // By name, not by instanceof: arrays of another realm (a frame, a worker) are as good.
  if (Object.prototype.toString.call(payload) !== '[object Uint8Array]') {
    throw invalid('payload must be a Uint8Array; encode text first, or call sendText');
  }
  if (limits === undefined) return;
  const [bytes, what] = overhead(frame_class, sealed);
  const most = limits.max_frame_bytes - bytes;
  if (payload.length > most) {
    throw invalid(
      `payload has ${payload.length} bytes; the relay takes ${most} at most (limits.max_frame_bytes ${limits.max_frame_bytes}, less ${what})`,
    );
  }
}

/** Of these the next frame is worth more than the last; every other one must arrive. */
const MAY_BE_LEFT_OUT: ReadonlySet<FrameClass> = new Set(Object.values(DROPPED_CLASSES));

/** A frame that passed {@link checkOutgoing}, with its defaults. */
export function outgoing(frame_class: FrameClass, payload: Uint8Array, options: SendOptions): OutgoingFrame {
  const { to, stream = 0, layer = 0, keyframe = false } = options;
  const droppable = MAY_BE_LEFT_OUT.has(frame_class) && (options.droppable ?? true);
  return { class: frame_class, payload, to, stream, layer, droppable, keyframe };
}

/** The bytes of a frame that is not sealed. `destination`: a slot, or `TO_ALL`. */
export function buildFrame(
  { class: frame_class, payload, stream, layer, droppable, keyframe }: OutgoingFrame,
  source: number,
  destination: number,
): Uint8Array<ArrayBuffer> {
  return encodeFrame(
    { class: frame_class, droppable, keyframe, e2e: false, layer, stream, source, destination },
    payload,
  );
}
