/** Small streams of frames, one for each rule of RFC 6455 on what a client may send. */
import { clientFrame, closePayload, encodeFrame, OPCODE } from './wire-frames.ts';

const begun = { fin: false, rsv: 0, masked: true };
const whole = { ...begun, fin: true };
const { CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG } = OPCODE;

const smiley = Buffer.from('😀');

const text = (content: string | Uint8Array): string => `text ${Buffer.from(content).toString('hex')}`;
const binary = (content: string | Uint8Array): string => `binary ${Buffer.from(content).toString('hex')}`;
const ping = (content: string | Uint8Array): string => `ping ${Buffer.from(content).toString('hex')}`;
const broken = smiley.subarray(0, 3);
const empty = new Uint8Array();
const filled = (length: number): Uint8Array => new Uint8Array(length).fill(7);

/** What a receiver that allows so much makes of {@link STREAMS}. */
export const STREAM_LIMITS = { max_message_bytes: 200, max_fragments: 3 };

/** Frames of a client, and what they are by RFC 6455 within {@link STREAM_LIMITS}, in the words of reader-oracle.ts. */
export const STREAMS: Record<string, { frames: Buffer[]; are: string[] }> = {
  'two messages': {
    frames: [clientFrame(TEXT, 'hé😀'), clientFrame(BINARY, Uint8Array.of(0, 255, 1))],
    are: [text('hé😀'), binary(Uint8Array.of(0, 255, 1))],
  },
  'empty messages': {
    frames: [clientFrame(TEXT), clientFrame(BINARY), clientFrame(TEXT)],
    are: [text(''), binary(''), text('')],
  },
  'fragments with control frames in between': {
    frames: [
      clientFrame(TEXT, smiley.subarray(0, 2), false),
      clientFrame(PING, 'x'),
      clientFrame(CONTINUATION, smiley.subarray(2), false),
      clientFrame(PONG, 'yz'),
      clientFrame(CONTINUATION),
      clientFrame(BINARY, 'b'),
    ],
    are: [ping('x'), 'pong of 2', text(smiley), binary('b')],
  },
  'a close frame inside a fragmented message': {
    frames: [
      clientFrame(BINARY, 'a', false),
      clientFrame(CLOSE, closePayload(4_001, smiley)),
      clientFrame(CONTINUATION, 'b'),
    ],
    are: [`close 4001 ${smiley.toString('hex')}`],
  },
  'a close frame without a code': {
    frames: [clientFrame(CLOSE), clientFrame(TEXT, 'after')],
    are: ['close 1005 '],
  },
  'a close frame with half a code': { frames: [clientFrame(CLOSE, filled(1))], are: ['fault 1002'] },
  'a close reason that is not UTF-8': {
    frames: [clientFrame(CLOSE, closePayload(1_000, broken))],
    are: ['fault 1007'],
  },
  'a text that is not UTF-8': {
    frames: [clientFrame(TEXT, 'fine'), clientFrame(TEXT, broken), clientFrame(TEXT, 'after')],
    are: [text('fine'), 'fault 1007'],
  },
  'a fragmented text that is not UTF-8': {
    frames: [clientFrame(TEXT, broken, false), clientFrame(CONTINUATION, 'no'), clientFrame(TEXT, 'after')],
    are: ['fault 1007'],
  },
  'a surrogate in a text': {
    frames: [clientFrame(TEXT, Uint8Array.of(0xed, 0xa0, 0x80))],
    are: ['fault 1007'],
  },
  'a continuation of nothing': {
    frames: [clientFrame(BINARY, 'a'), clientFrame(CONTINUATION, 'b')],
    are: [binary('a'), 'fault 1002'],
  },
  'a message inside a message': {
    frames: [clientFrame(BINARY, 'a', false), clientFrame(TEXT, 'b')],
    are: ['fault 1002'],
  },
  'reserved bits': {
    frames: [encodeFrame({ ...whole, rsv: 2, opcode: TEXT, payload: smiley })],
    are: ['fault 1002'],
  },
  'a reserved data opcode': { frames: [clientFrame(3, 'a')], are: ['fault 1002'] },
  'a reserved control opcode': {
    frames: [clientFrame(PONG, 'a'), clientFrame(11, 'a')],
    are: ['pong of 1', 'fault 1002'],
  },
  'a ping in fragments': { frames: [clientFrame(PING, 'a', false)], are: ['fault 1002'] },
  'a ping that is too large': { frames: [clientFrame(PING, filled(126))], are: ['fault 1002'] },
  'the largest ping': { frames: [clientFrame(PING, filled(125))], are: [ping(filled(125))] },
  'a frame without mask': {
    frames: [
      clientFrame(BINARY, 'a'),
      encodeFrame({ ...whole, masked: false, opcode: BINARY, payload: smiley }),
    ],
    are: [binary('a'), 'fault 1002'],
  },
  'masks of zeros and of ones': {
    frames: [0, 0xff].flatMap((byte) => {
      const mask = new Uint8Array(4).fill(byte);
      return [
        encodeFrame({ ...whole, opcode: TEXT, payload: smiley, mask }),
        encodeFrame({ ...begun, opcode: BINARY, payload: broken, mask }),
        encodeFrame({ ...whole, opcode: CONTINUATION, payload: smiley, mask }),
      ];
    }),
    are: [0, 1].flatMap(() => [text(smiley), binary(Buffer.concat([broken, smiley]))]),
  },
  'lengths that are longer than need be': {
    frames: ([2, 8] as const).flatMap((length_bytes) => [
      encodeFrame({ ...whole, opcode: TEXT, payload: smiley, length_bytes }),
      encodeFrame({ ...begun, opcode: BINARY, payload: smiley, length_bytes }),
      encodeFrame({ ...whole, opcode: CONTINUATION, payload: empty, length_bytes }),
    ]),
    are: [0, 1].flatMap(() => [text(smiley), binary(smiley)]),
  },
  'a message of the largest size': {
    frames: [clientFrame(BINARY, filled(200)), clientFrame(PING)],
    are: [binary(filled(200)), ping('')],
  },
  'a message that is too large': {
    frames: [clientFrame(PING), clientFrame(BINARY, filled(201))],
    are: [ping(''), 'fault 1009'],
  },
  'fragments of the largest size together': {
    frames: [
      clientFrame(BINARY, filled(150), false),
      clientFrame(CONTINUATION, filled(50), false),
      clientFrame(CONTINUATION),
      clientFrame(PING),
    ],
    are: [binary(filled(200)), ping('')],
  },
  'fragments that are too large together': {
    frames: [clientFrame(BINARY, filled(150), false), clientFrame(CONTINUATION, filled(51))],
    are: ['fault 1009'],
  },
  'fragments that are too many': {
    frames: [
      clientFrame(TEXT, 'a', false),
      clientFrame(CONTINUATION, 'b', false),
      clientFrame(PING),
      clientFrame(CONTINUATION, '', false),
      clientFrame(CONTINUATION, 'c'),
    ],
    are: [ping(''), 'fault 1008'],
  },
};
