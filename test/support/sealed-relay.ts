/** What the relay of a simulated room may do that an honest one does not. */
import type { Bytes } from '../../client/src/e2ee/bytes.ts';
import type { Resident, Said } from './sealed-resident.ts';

/** A frame that arrives so much later than it would, ms: others may overtake it. */
export interface Late {
  frame: Bytes;
  after: number;
}

/** What a relay may do to a frame on its way: the frames that arrive in its place. */
export type Meddle = (frame: Bytes, from: Resident, to: Resident) => (Bytes | Late)[];

/** What it may say in place of what is true. */
export type Lie = (said: Said, to: Resident) => Said[];
