/** Which key of a sender a frame is sealed with: `KID = generation << 7 | step << 3 | context`, below 2^31. */
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import type { FrameClass } from '../../../shared/protocol/frame.ts';
import type { Unsigned } from './sframe/header.ts';
import { MAX_GENERATION, MAX_KID, MAX_STEP } from './limits.ts';

/** What a key is for. The numbers are those of the frame classes, and a frame of one class is sealed in its context only. */
export const CONTEXT = FRAME_CLASS;
export type Context = FrameClass;

/** Which base key of a sender. */
export interface KeyNumber {
  /** Counts the base keys that the sender has drawn. */
  generation: number;
  /** Counts how often this generation's was ratcheted, 0–15. */
  step: number;
}

export interface KeyId extends KeyNumber {
  context: Context;
}

/** Whether frames of `context` are signed, come in order, and are sent again where they are missing. */
export function isSigned(context: Context): boolean {
  return context <= CONTEXT.MSG;
}

/** Whether a base key may be numbered like this. */
export function isKeyNumber(generation: number, step: number): boolean {
  return generation >= 0 && generation <= MAX_GENERATION && step >= 0 && step <= MAX_STEP;
}

export function packKid({ generation, step, context }: KeyId): number {
  return generation * 128 + step * 8 + context;
}

/** undefined for a KID of no context, or beyond the limit. */
export function unpackKid(kid: Unsigned): KeyId | undefined {
  if (kid > MAX_KID) return undefined;
  const bits = Number(kid);
  const context = bits & 7;
  if (context > CONTEXT.AUDIO) return undefined;
  return { generation: bits >>> 7, step: (bits >>> 3) & 15, context: context as Context };
}
