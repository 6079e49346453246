/** WebSocket frames, right and wrong, cut anywhere, in a raw room: what arrives and how it ends. [R12] [R36] [R38] [R39] */
import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { CLOSE } from '../../../shared/protocol/close-codes.ts';
import { bareClient, frameBytes } from '../../support/raw-socket.ts';
import {
  clientFrame,
  closePayload,
  encodeFrame,
  FrameReader,
  OPCODE,
  splitAt,
  type ServerFrame,
  type WireFrame,
} from '../../support/wire-frames.ts';
import { wireFrames } from '../frame-cases.ts';
import { MAX_FRAME_BYTES, startUnderFire } from '../relay-under-fire.ts';
import type { Target } from '../target.ts';

/** With this code the harness ends what the frames did not. */
const DONE = 4_999;

interface Message {
  data: Buffer;
  binary: boolean;
}
interface Expected {
  messages: Message[];
  /** Pings to be answered. */
  pings: Buffer[];
  /** The code that the relay ends it with; undefined: it goes on. 1005: an empty close frame. */
  code: number | undefined;
}

/** Codes that may be in a close frame: RFC 6455 §7.4, and the registry that it set up. */
const mayBeSent = (code: number): boolean =>
  (code >= 1_000 && code <= 1_014 && ![1_004, 1_005, 1_006].includes(code)) ||
  (code >= 3_000 && code <= 4_999);

/** What a receiver of these frames should make of them, by RFC 6455 and docs/protocol.md. */
function model(frames: readonly WireFrame[]): Expected {
  const expected: Expected = { messages: [], pings: [], code: undefined };
  const end = (code: number): Expected => ({ ...expected, code });
  let message: { opcode: number; parts: Uint8Array[]; length: number } | undefined;
  for (const { fin, rsv, opcode, masked, payload, length_bytes, says } of frames) {
    const length = says ?? BigInt(payload.length);
    if (rsv !== 0 || !masked) return end(CLOSE.BAD_FRAME);
    if (opcode >= 8) {
      if (opcode > 10 || !fin || length > 125n || (length_bytes ?? 0) > 0) return end(CLOSE.BAD_FRAME);
      if (opcode === OPCODE.PING) expected.pings.push(Buffer.from(payload));
      if (opcode !== OPCODE.CLOSE) continue;
      if (payload.length === 0) return end(1_005);
      if (payload.length === 1 || !isUtf8(payload.subarray(2))) return end(CLOSE.BAD_FRAME);
      const code = Buffer.from(payload).readUInt16BE(0);
      return end(mayBeSent(code) ? code : CLOSE.BAD_FRAME);
    }
    if (opcode > 2 || (opcode === OPCODE.CONTINUATION) !== (message !== undefined))
      return end(CLOSE.BAD_FRAME);
    message ??= { opcode, parts: [], length: 0 };
    if (BigInt(message.length) + length > BigInt(MAX_FRAME_BYTES)) return end(CLOSE.TOO_LARGE);
    message.length += payload.length;
    message.parts.push(payload);
    if (!fin) continue;
    const data = Buffer.concat(message.parts);
    const binary = message.opcode === OPCODE.BINARY;
    message = undefined;
    if (!binary && !isUtf8(data)) return end(CLOSE.BAD_FRAME);
    expected.messages.push({ data, binary });
  }
  return expected;
}

/** What the attacker itself was sent: an answer to each ping, and the end. */
function checkAnswers(answers: readonly ServerFrame[], { pings, code }: Expected): void {
  const close = answers.find(({ opcode }) => opcode === OPCODE.CLOSE)?.payload;
  const closed = close === undefined ? undefined : close.length < 2 ? 1_005 : close.readUInt16BE(0);
  if (closed !== code) throw new Error(`closed with ${closed} in place of ${code}`);
  const pongs = answers.filter(({ opcode }) => opcode === OPCODE.PONG).map(({ payload }) => payload);
  if (pongs.length !== pings.length || pongs.some((pong, n) => !pong.equals(pings[n]!))) {
    throw new Error(`${pings.length} pings were answered with ${pongs.length} pongs, or with others`);
  }
}

const shown = (messages: readonly Message[]): string =>
  JSON.stringify(messages.map(({ data, binary }) => `${binary ? 'binary' : 'text'} ${data.toString('hex')}`));

export const websocketTarget: Target = {
  name: 'websocket',
  async start() {
    const fire = await startUnderFire();
    const { relay } = fire;
    const { room_id, peers, clients } = await relay.room(2, 'anteroom.raw.v1');
    const [receiver, marker] = [peers[0]!, peers[1]!];
    let marks = 0;

    /** What the receiver got since it was asked last. */
    async function heard(): Promise<Message[]> {
      const mark = Buffer.from(`mark ${marks++} ${'.'.repeat(MAX_FRAME_BYTES / 2)}`);
      marker.send(mark);
      const messages: Message[] = [];
      for (;;) {
        const { data, binary } = await receiver.next();
        if (data.equals(mark)) return messages;
        messages.push({ data, binary });
      }
    }

    const property = fc.asyncProperty(
      fc.record({
        frames: wireFrames(MAX_FRAME_BYTES),
        cuts: fc.array(fc.nat(400), { maxLength: 10 }),
        torn: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(6) }),
      }),
      async ({ frames, cuts, torn }) => {
        const seat = fire.seats(1, room_id);
        const raw = await bareClient(relay.port, room_id, seat.clients[0]!);
        try {
          const expected = model(frames);
          await raw.writePieces(splitAt(Buffer.concat(frames.map(encodeFrame)), cuts));
          let { code } = expected;
          if (code === undefined && torn > 0) {
            // Gone in the middle of a frame: nothing of that is heard.
            raw.write(clientFrame(OPCODE.PING, 'never complete').subarray(0, torn));
            raw.socket.end();
          } else {
            code ??= DONE;
            raw.write(clientFrame(OPCODE.CLOSE, closePayload(DONE)));
          }
          await Promise.all([raw.over(), fire.canary.chirp()]);
          checkAnswers(new FrameReader().push(frameBytes(raw)), { ...expected, code });
          const messages = await heard();
          if (shown(messages) !== shown(expected.messages)) {
            throw new Error(`heard ${shown(messages)} in place of ${shown(expected.messages)}`);
          }
        } finally {
          raw.destroy();
          fire.clear(room_id, seat.clients);
        }
      },
    );

    return {
      property,
      async settled() {
        fire.clear(room_id, clients);
        await fire.settled();
      },
      stop: () => fire.stop(),
    };
  },
};
