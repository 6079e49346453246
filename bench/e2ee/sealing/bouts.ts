/** One measured piece of work after the other, on the machine that runs this: Node, or a Worker of Chromium. */
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import { METADATA_BYTES } from '../../../client/src/e2ee/metadata.ts';
import { bareGcm, messages, poses } from './anteroom.ts';
import type { Contender } from './contender.ts';
import { libraries } from './libraries.ts';

/** Frames that are under way at once where the platform is asynchronous. */
const AT_ONCE = 32;
/** A header of SFrame with a CTR of three bytes, and the metadata. */
const AAD_BYTES = 4 + METADATA_BYTES;
/** Payloads that differ. */
const PAYLOADS = 256;
/** Bytes of each opened frame that are compared while the clock runs. */
const COMPARED = 64;

export interface Bouts {
  /** Names of what is compared; the first is ours. */
  names: () => string[];
  /** The next bouts are of the contender of this name, with `count` frames of `bytes` bytes each. */
  prepare: (name: string, bytes: number, count: number) => void;
  /** Seals all, and keeps none; wall-clock ms. */
  seal: () => Promise<number>;
  /** Seals all for {@link Bouts.open}, outside the clock. */
  load: () => Promise<void>;
  /** Opens all, each once; wall-clock ms. Rejects where a payload does not come out as it went in. */
  open: () => Promise<number>;
}

/** Calls `work` for each number below `count` and awaits what it gives, if that is needed. */
async function repeat(count: number, work: (index: number) => Promise<void> | void): Promise<void> {
  for (let at = 0; at < count;) {
    const first = work(at++);
    if (first === undefined) continue;
    const begun = [first];
    while (begun.length < AT_ONCE && at < count) begun.push(work(at++) as Promise<void>);
    for (const promise of begun) await promise;
  }
}

/** How long `work` takes, ms. */
async function clocked(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function payloadsOf(bytes: number): Bytes[] {
  return Array.from({ length: PAYLOADS }, () => {
    const payload = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(payload.subarray(at, at + 65_536));
    return payload;
  });
}

/** Throws unless `opened` is `payload`, by its length and by bytes all over it. */
function compare(opened: Uint8Array, payload: Bytes): void {
  const step = Math.ceil(payload.length / COMPARED);
  let same = opened.length === payload.length;
  for (let at = 0; at < payload.length; at += step) same &&= opened[at] === payload[at];
  if (!same) throw new Error('a frame opened to something else');
}

export async function boutsOn(port: CryptoPort): Promise<Bouts> {
  const contenders = [
    await poses(port),
    await messages(port),
    await bareGcm(port, AAD_BYTES),
    ...(await libraries(AAD_BYTES)),
  ];
  let contender: Contender = contenders[0]!;
  let payloads: Bytes[] = [];
  let sealed: Uint8Array[] = [];
  let count = 0;
  /** Frames that were sealed so far: no number is given twice. */
  let numbered = 0;
  let loaded_from = 0;

  const payloadOf = (index: number): Bytes => payloads[index % PAYLOADS]!;
  const sealAll = (keep: (sealed: Uint8Array, index: number) => void): Promise<void> => {
    const from = numbered;
    numbered += count;
    return repeat(count, (i) => {
      const frame = contender.seal(payloadOf(i), from + i);
      return frame instanceof Promise ? frame.then((frame) => keep(frame, i)) : keep(frame, i);
    });
  };
  const check = (opened: Uint8Array, index: number): void => compare(opened, payloadOf(index));
  return {
    names: () => contenders.map(({ name }) => name),
    prepare(name, bytes, frames) {
      const found = contenders.find((contender) => contender.name === name);
      if (found === undefined) throw new Error(`There is no contender "${name}"`);
      contender = found;
      payloads = payloadsOf(bytes);
      sealed = [];
      count = frames;
    },
    seal: () => clocked(() => sealAll(() => undefined)),
    load() {
      loaded_from = numbered;
      sealed = [];
      return sealAll((frame, i) => void (sealed[i] = frame));
    },
    open: () =>
      clocked(() =>
        repeat(sealed.length, (i) => {
          const opened = contender.open(sealed[i]!, loaded_from + i);
          return opened instanceof Promise ? opened.then((opened) => check(opened, i)) : check(opened, i);
        }),
      ),
  };
}
