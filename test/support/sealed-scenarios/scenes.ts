/** What the scenarios of sealed rooms share: they run on any port, in Node and in browsers. */
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import { HELLO } from '../../../client/src/e2ee/hello.ts';
import { KEY } from '../../../client/src/e2ee/key-message.ts';
import { unpackKid } from '../../../client/src/e2ee/kid.ts';
import type { KeyId } from '../../../client/src/e2ee/kid.ts';
import { readHeader as readSframeHeader } from '../../../client/src/e2ee/sframe/header.ts';
import { HEADER_BYTES, readHeader } from '../../../shared/protocol/frame.ts';
import type { FrameClass, FrameHeader } from '../../../shared/protocol/frame.ts';
import { assertSame } from '../check.ts';
import type { Check } from '../check.ts';
import type { Resident } from '../sealed-resident.ts';
import { SealedTown } from '../sealed-town.ts';

export type Scenario = Check<CryptoPort>;

export const townOn = (port: CryptoPort): SealedTown => new SealedTown({ port });

export const isSealed = (frame: Bytes): boolean => (frame[0]! & 1) === 1;
export const isHello = (frame: Bytes): boolean => !isSealed(frame) && frame[HEADER_BYTES] === HELLO;
export const isKey = (frame: Bytes): boolean => !isSealed(frame) && frame[HEADER_BYTES] === KEY;
export const isOf =
  (frame_class: FrameClass) =>
  (frame: Bytes): boolean =>
    isSealed(frame) && readHeader(frame).class === frame_class;

/** Which key a sealed frame names. */
export function keyOf(frame: Bytes): KeyId {
  return unpackKid(readSframeHeader(frame, HEADER_BYTES)!.kid)!;
}

/** A frame with other fields in its header. */
export function withHeader(frame: Bytes, change: Partial<FrameHeader>): Bytes {
  const header = { ...readHeader(frame), ...change };
  const copy = frame.slice();
  copy[0] =
    (1 << 6) |
    (header.class << 3) |
    (header.droppable ? 4 : 0) |
    (header.keyframe ? 2 : 0) |
    (header.e2e ? 1 : 0);
  copy[1] = (header.layer << 5) | header.stream;
  const slots = new DataView(copy.buffer);
  slots.setUint16(2, header.source);
  slots.setUint16(4, header.destination);
  return copy;
}

/** The latest frame of a member that the relay saw and that is such a one. */
export function latest(town: SealedTown, from: Resident, is: (frame: Bytes) => boolean): Bytes {
  const found = town.seen.findLast((seen) => seen.from === from.client_id && is(seen.frame));
  if (found === undefined) throw new Error(`${from.client_id} sent no such frame`);
  return found.frame;
}

/** Each once, in their order. */
export const distinct = (texts: readonly string[]): string[] => [...new Set(texts)].toSorted();

/** Nothing went wrong for any of them. */
export function assertQuiet(...residents: readonly Resident[]): void {
  for (const { client_id, troubles } of residents) assertSame(troubles, [], `troubles of ${client_id}`);
}

/** Each is sealed with all the others, and knows of nobody else. */
export function assertSealed(...residents: readonly Resident[]): void {
  for (const { client_id, standing } of residents) {
    const others = residents.map((other) => other.client_id).filter((other) => other !== client_id);
    const expected = { sealed: others.sort(), securing: [], unsealed: [], disagreeing: [] };
    assertSame({ ...standing, sealed: standing.sealed.toSorted() }, expected, `standing of ${client_id}`);
  }
}

/** Each reads what any other says to all, once. */
export async function assertTalk(town: SealedTown, ...residents: readonly Resident[]): Promise<void> {
  const before = residents.map(({ texts }) => texts.length);
  for (const resident of residents) resident.say(`talk of ${resident.client_id}`);
  await town.run(100);
  residents.forEach(({ client_id, texts }, at) => {
    const others = residents.filter((other) => other.client_id !== client_id);
    const expected = others.map((other) => `${other.client_id}: talk of ${other.client_id}`);
    assertSame(texts.slice(before[at]).sort(), expected.sort(), `what ${client_id} reads`);
  });
}
