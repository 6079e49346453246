/** The relay's frame reader beside the receiver of `ws`: what each makes of the same bytes. */
import { isUtf8 } from 'node:buffer';
import * as library from 'ws';
import { FrameReader, type FrameSink, type ReaderLimits } from '../../stream-task/lane/frame-reader.ts';
import { splitAt } from './wire-frames.ts';

/** What was found in the bytes, in order: as text, so that a difference can be read. */
export type Findings = string[];

const found = {
  message: (data: Uint8Array, binary: boolean): string =>
    `${binary ? 'binary' : 'text'} ${Buffer.from(data).toString('hex')}`,
  ping: (data: Buffer): string => `ping ${data.toString('hex')}`,
  pong: (length: number): string => `pong of ${length}`,
  close: (code: number, reason: Buffer): string => `close ${code} ${reason.toString('hex')}`,
  fault: (code: number): string => `fault ${code}`,
};

/** The part of the receiver that is used; @types/ws does not have it. */
interface Receiver {
  on(event: string, listener: (...args: never[]) => void): Receiver;
  /** Of every Writable: one call after the other, each answered by `done`. */
  _write(chunk: Buffer, encoding: string, done: (error?: Error | null) => void): void;
}
const { Receiver } = library as unknown as { Receiver: new (options: object) => Receiver };

/** The code that `ws` closes with for `error`: it keeps it under a symbol of its own. */
function statusOf(error: Error): number {
  const key = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code');
  const code = key && (error as unknown as Record<symbol, unknown>)[key];
  if (typeof code !== 'number')
    throw new Error(`no fault of the receiver: ${error.message}`, { cause: error });
  return code;
}

/** What `ws` finds, configured as stream-task/socket.ts does for the relay. */
export function readByLibrary(pieces: readonly Uint8Array[], limits: ReaderLimits): Findings {
  const findings: Findings = [];
  let over = false;
  const receiver = new Receiver({
    isServer: true,
    maxPayload: limits.max_message_bytes,
    maxFragments: limits.max_fragments,
    maxBufferedChunks: limits.max_pieces,
  });
  receiver
    .on('message', (data: Buffer, binary: boolean) => findings.push(found.message(data, binary)))
    .on('ping', (data: Buffer) => findings.push(found.ping(data)))
    .on('pong', (data: Buffer) => findings.push(found.pong(data.length)))
    .on('conclude', (code: number, reason: Buffer) => {
      over = true;
      findings.push(found.close(code, reason));
    });
  // To note where each fault was found takes longer than to find it.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (const piece of pieces) {
      // A copy: it unmasks where the bytes are.
      receiver._write(Buffer.from(piece), 'buffer', (error) => {
        if (!error) return;
        over = true;
        findings.push(found.fault(statusOf(error)));
      });
      if (over) break;
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return findings;
}

/** A sink that writes down what it is told, and looks at texts as a session does. */
export class NotingSink implements FrameSink {
  readonly findings: Findings = [];
  /** Continuation frames that began. */
  fragments = 0;
  /** It ended the connection itself, or was told of its end. */
  over = false;
  #told = 0;
  readonly #pause_at: (told: number) => boolean;

  /** `pause_at`: whether to say stop when told for the nth time, from 0 on. */
  constructor(pause_at: (told: number) => boolean = () => false) {
    this.#pause_at = pause_at;
  }

  message(from: Buffer, at: number, length: number, mask: number, binary: boolean): boolean {
    const data = Buffer.from(from.subarray(at, at + length));
    for (let n = 0; n < length; n++) data[n] = data[n]! ^ ((mask >>> (8 * (n % 4))) & 0xff);
    if (!binary && !isUtf8(data)) {
      this.fault(1007);
      return false;
    }
    this.findings.push(found.message(data, binary));
    return this.#goOn();
  }

  fragment(): boolean {
    this.fragments++;
    return this.#goOn();
  }

  ping(data: Buffer): boolean {
    this.findings.push(found.ping(data));
    return this.#goOn();
  }

  pong(length: number): boolean {
    this.findings.push(found.pong(length));
    return this.#goOn();
  }

  close(code: number, reason: Buffer): void {
    this.findings.push(found.close(code, reason));
    this.over = true;
  }

  fault(code: number): void {
    this.findings.push(found.fault(code));
    this.over = true;
  }

  #goOn(): boolean {
    return !this.#pause_at(this.#told++);
  }
}

/** In the read buffer before and after what came: it is no message's. */
const MARGIN = 3;

/**
 * Brings `pieces` to a reader as the lane does: all in one buffer, overwritten by the next, the rest of a piece again after
 * a stop. `now` is the number of the piece. What it makes of them is in `sink`.
 */
export function readPieces(
  reader: FrameReader,
  sink: NotingSink,
  pieces: readonly Uint8Array[],
  after: (piece: number) => void = () => {},
): void {
  const buffer = Buffer.alloc(2 * MARGIN + Math.max(0, ...pieces.map(({ length }) => length)));
  for (const [n, piece] of pieces.entries()) {
    buffer.fill(0x81);
    buffer.set(piece, MARGIN);
    const end = MARGIN + piece.length;
    for (let at = MARGIN; at < end && !sink.over;) at = reader.read(buffer, at, end, n);
    if (sink.over) return;
    after(n);
  }
}

/** What the relay's reader finds. */
export function readByLane(
  pieces: readonly Uint8Array[],
  limits: ReaderLimits,
  pause_at?: (told: number) => boolean,
): Findings {
  const sink = new NotingSink(pause_at);
  readPieces(new FrameReader(sink, limits), sink, pieces);
  return sink.findings;
}

/** Throws what differs, with the bytes and the splits. */
export function assertAgreed(
  bytes: Uint8Array,
  splits: readonly number[],
  limits: ReaderLimits,
  pause_at?: (told: number) => boolean,
): Findings {
  const pieces = splitAt(bytes, splits);
  const theirs = readByLibrary(pieces, limits);
  const ours = readByLane(pieces, limits, pause_at);
  if (ours.length === theirs.length && ours.every((finding, n) => finding === theirs[n])) return ours;
  const shown = (findings: Findings): string => findings.join(', ') || 'nothing';
  throw new Error(
    `ws found ${shown(theirs)}\nthe lane found ${shown(ours)}\n` +
      `bytes ${Buffer.from(bytes).toString('hex')}\nsplit at ${JSON.stringify(splits)}, limits ${JSON.stringify(limits)}`,
  );
}
