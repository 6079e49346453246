/** What members send through their relay, by kind. */
import { isSigned, unpackKid } from '../../../client/src/e2ee/kid.ts';
import { readHeader as readSframeHeader } from '../../../client/src/e2ee/sframe/header.ts';
import { FRAME_CLASS, HEADER_BYTES, readHeader } from '../../../shared/protocol/frame.ts';

/** `control`: sealed control, most of it HEARTBEAT; `other`: of the application. */
export type Kind = 'hello' | 'key' | 'control' | 'other';

export interface Count {
  /** Frames that members sent, and bytes of them. */
  frames: number;
  bytes: number;
  /** Those that members received: one for all is received by each of the others. */
  delivered: number;
  delivered_bytes: number;
}

export type Tally = Record<Kind, Count>;

const none = (): Count => ({ frames: 0, bytes: 0, delivered: 0, delivered_bytes: 0 });
export const emptyTally = (): Tally => ({ hello: none(), key: none(), control: none(), other: none() });

export function kindOf(frame: Uint8Array): Kind {
  const header = readHeader(frame);
  if (!header.e2e) return frame[HEADER_BYTES] === 1 ? 'hello' : 'key';
  return header.class === FRAME_CLASS.CTRL ? 'control' : 'other';
}

export function countFrame(tally: Tally, frame: Uint8Array, receivers: number): void {
  const count = tally[kindOf(frame)];
  count.frames++;
  count.bytes += frame.length;
  count.delivered += receivers;
  count.delivered_bytes += receivers * frame.length;
}

/** All kinds but what the application sends. */
export function totalOf({ hello, key, control }: Tally): Count {
  const kinds = [hello, key, control];
  const sum = (field: keyof Count): number => kinds.reduce((sum, kind) => sum + kind[field], 0);
  return {
    frames: sum('frames'),
    bytes: sum('bytes'),
    delivered: sum('delivered'),
    delivered_bytes: sum('delivered_bytes'),
  };
}

/** Generation of the key that an unsigned sealed frame is sealed with; undefined for another frame. */
export function generationOf(frame: Uint8Array): number | undefined {
  const { e2e, class: frame_class } = readHeader(frame);
  const header = e2e && !isSigned(frame_class) ? readSframeHeader(frame, HEADER_BYTES) : undefined;
  return header === undefined ? undefined : unpackKid(header.kid)?.generation;
}
