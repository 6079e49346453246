/**
 * CTR in contexts 0 and 1: `sequence << 8 | lane`. A lane counts what its receivers get without a gap: lane 0 the frames for
 * all, each other lane those for one member, so that a frame for somebody else is not taken for one that was lost. CTRs stay
 * unique for each key, which is all that SFrame asks (RFC 9605 §9.1). Contexts 2 to 4 count plainly.
 */
import { toBase64Url } from './bytes.ts';
import type { Bytes } from './bytes.ts';

/** The lane of frames for all. */
export const LANE_OF_ALL = 0;
export const MAX_LANE = 255;
export const MAX_SEQUENCE = 2 ** 24 - 1;

/** A frame's place: which lane, and how many were sent in it before. */
export interface Place {
  lane: number;
  sequence: number;
}

export function ctrOf({ lane, sequence }: Place): number {
  return sequence * 256 + lane;
}

export function placeOf(ctr: number): Place {
  return { lane: ctr % 256, sequence: Math.floor(ctr / 256) };
}

/** One number for a lane of a context, as key of a map. */
export function nameOf(context: number, lane: number): number {
  return context * 256 + lane;
}

/** A sender's lanes: one for each member that it writes to alone. */
export class Lanes {
  readonly #lanes = new Map<string, number>();
  readonly #free: number[] = [];
  #given = 0;

  /**
   * The lane of the member with this id; undefined if 255 others have one. A lane that was another's before is given last:
   * its numbers go on where they were, and what came before was not for this member.
   */
  of(id: Bytes): number | undefined {
    const name = toBase64Url(id);
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const lane = this.#given < MAX_LANE ? ++this.#given : this.#free.shift();
    if (lane !== undefined) this.#lanes.set(name, lane);
    return lane;
  }

  /** The lane that this member has; undefined if it has none. */
  get(id: Bytes): number | undefined {
    return this.#lanes.get(toBase64Url(id));
  }

  /** The member left for good: returns the lane that it had. */
  release(id: Bytes): number | undefined {
    const name = toBase64Url(id);
    const lane = this.#lanes.get(name);
    if (lane === undefined) return undefined;
    this.#lanes.delete(name);
    this.#free.push(lane);
    return lane;
  }
}
