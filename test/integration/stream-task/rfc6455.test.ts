/** What RFC 6455 asks of a server on the wire, on each lane. docs/rfc6455.md has the whole list. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import {
  bareClient,
  frameBytes,
  HANDSHAKE_KEY,
  handshakeFields,
  parseResponse,
  RawSocket,
  requestHead,
} from '../../support/raw-socket.ts';
import { newClient, startTestRelay, type Peer, type TestRelay } from '../../support/relay.ts';
import {
  clientFrame,
  closePayload,
  encodeFrame,
  FrameReader,
  OPCODE,
  type ServerFrame,
} from '../../support/wire-frames.ts';

const framesOf = (raw: RawSocket): ServerFrame[] => new FrameReader().push(frameBytes(raw));
const opcodesOf = (raw: RawSocket): number[] => framesOf(raw).map(({ opcode }) => opcode);
const codeOf = (raw: RawSocket): number | undefined =>
  framesOf(raw)
    .find(({ opcode }) => opcode === OPCODE.CLOSE)
    ?.payload.readUInt16BE(0);

describe.each(['ws', 'fast'] as const)('RFC 6455 on the lane %s', (LANE) => {
  let relay: TestRelay;
  let room_id: string;
  let other: Peer;
  const opened: RawSocket[] = [];

  beforeAll(async () => {
    // What should end at once must not end by the clock.
    relay = await startTestRelay({ LANE }, { close_wait: 60_000 });
    const room = await relay.room(1, 'anteroom.raw.v1');
    ({ room_id } = room);
    other = room.peers[0]!;
  });
  afterAll(async () => {
    for (const raw of opened) raw.destroy();
    await relay[Symbol.asyncDispose]();
  });

  async function member(client = newClient()): Promise<RawSocket> {
    await relay.register(room_id, [client]);
    const raw = await bareClient(relay.port, room_id, client);
    opened.push(raw);
    return raw;
  }

  it('answers a handshake with the key accepted, the first protocol and no extension', async () => {
    const client = newClient();
    await relay.register(room_id, [client]);
    const raw = await RawSocket.open(relay.port);
    opened.push(raw);
    const offer = `anteroom.raw.v1, ${credentialsToken({ room_id, ...client })}`;
    const fields: [string, string][] = [
      ...handshakeFields(offer),
      ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
    ];
    raw.write(requestHead('GET / HTTP/1.1', fields));
    await raw.until(({ text }) => parseResponse(text) !== undefined, 'an answer');
    const { status, headers } = parseResponse(raw.text)!;
    expect(status).toBe(101);
    expect(headers.get('upgrade')).toBe('websocket');
    expect(headers.get('connection')).toBe('Upgrade');
    const accepted = createHash('sha1').update(`${HANDSHAKE_KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    expect(headers.get('sec-websocket-accept')).toBe(accepted.digest('base64'));
    expect(headers.get('sec-websocket-protocol')).toBe('anteroom.raw.v1');
    expect(headers.has('sec-websocket-extensions')).toBe(false);
  });

  it('answers another version with the one that it speaks', async () => {
    const raw = await RawSocket.open(relay.port);
    opened.push(raw);
    const fields = handshakeFields('anteroom.raw.v1').map(([name, value]): [string, string] =>
      name === 'Sec-WebSocket-Version' ? [name, '8'] : [name, value],
    );
    raw.write(requestHead('GET / HTTP/1.1', fields));
    await raw.until(({ text }) => parseResponse(text) !== undefined, 'an answer');
    const { status, headers } = parseResponse(raw.text)!;
    expect(status).toBe(426);
    expect(headers.get('sec-websocket-version')).toBe('13');
  });

  it('sends frames whole, without mask, and with the shortest length that fits', async () => {
    const raw = await member();
    const lengths = [0, 125, 126, 65_535, 65_536];
    for (const length of lengths) other.send(Buffer.alloc(length, 1));
    const expected = lengths.map((length) =>
      encodeFrame({
        fin: true,
        rsv: 0,
        opcode: OPCODE.BINARY,
        masked: false,
        payload: Buffer.alloc(length, 1),
      }),
    );
    const bytes = Buffer.concat(expected);
    await raw.until((socket) => frameBytes(socket).length >= bytes.length, 'all messages');
    expect(frameBytes(raw).equals(bytes)).toBe(true);
  });

  it('answers a ping within a fragmented message at once, with the same payload', async () => {
    const raw = await member();
    raw.write(clientFrame(OPCODE.TEXT, 'in ', false));
    raw.write(clientFrame(OPCODE.PING, 'are you there?'));
    await raw.until((socket) => framesOf(socket).length === 1, 'a pong');
    expect(framesOf(raw)).toEqual([{ opcode: OPCODE.PONG, payload: Buffer.from('are you there?') }]);
    raw.write(clientFrame(OPCODE.CONTINUATION, 'two'));
    expect((await other.next()).data.toString()).toBe('in two');
  });

  it('sends nothing for a pong that nobody asked for', async () => {
    const raw = await member();
    raw.write(Buffer.concat([clientFrame(OPCODE.PONG, 'unasked'), clientFrame(OPCODE.PING, 'ping')]));
    await raw.until((socket) => framesOf(socket).length > 0, 'a pong');
    expect(framesOf(raw)).toEqual([{ opcode: OPCODE.PONG, payload: Buffer.from('ping') }]);
  });

  it.each([
    ['with a code', closePayload(4_321, Buffer.from('so long')), closePayload(4_321, Buffer.from('so long'))],
    ['without one', Buffer.alloc(0), Buffer.alloc(0)],
  ])('answers a close frame %s with its like, and ends the connection', async (_what, sent, answer) => {
    const raw = await member();
    raw.write(Buffer.concat([clientFrame(OPCODE.CLOSE, sent), clientFrame(OPCODE.PING, 'after')]));
    await raw.over();
    expect(framesOf(raw)).toEqual([{ opcode: OPCODE.CLOSE, payload: answer }]);
  });

  it('reads nothing behind a close frame', async () => {
    const raw = await member();
    raw.write(Buffer.concat([clientFrame(OPCODE.CLOSE), clientFrame(OPCODE.TEXT, 'after')]));
    await raw.over();
    const next = await member();
    next.write(clientFrame(OPCODE.TEXT, 'the next'));
    expect((await other.next()).data.toString()).toBe('the next');
  });

  it('sends nothing behind its own close frame, and ends the connection when the answer has come', async () => {
    const client = newClient();
    const raw = await member(client);
    const newer = await bareClient(relay.port, room_id, client);
    opened.push(newer);
    await raw.until((socket) => framesOf(socket).length > 0, 'a close frame');
    other.send('after');
    await newer.until((socket) => framesOf(socket).length > 0, 'what was sent after');
    raw.write(clientFrame(OPCODE.PING, 'still there?'));
    raw.write(clientFrame(OPCODE.CLOSE, closePayload(4_409)));
    await raw.over();
    expect(opcodesOf(raw)).toEqual([OPCODE.CLOSE]);
    expect(codeOf(raw)).toBe(4_409);
  });

  it.each([
    ['a fault of the protocol', clientFrame(OPCODE.CONTINUATION, 'of nothing'), 4_400],
    ['a text that is not UTF-8', clientFrame(OPCODE.TEXT, Uint8Array.of(0xff)), 4_400],
    ['a message that is too large', clientFrame(OPCODE.BINARY, Buffer.alloc(65_537)).subarray(0, 14), 4_413],
  ])('ends the connection after %s without waiting for the client', async (_what, bytes, code) => {
    const raw = await member();
    raw.write(Buffer.concat([bytes, clientFrame(OPCODE.TEXT, 'after')]));
    await raw.over();
    expect(opcodesOf(raw)).toEqual([OPCODE.CLOSE]);
    expect(codeOf(raw)).toBe(code);
  });
});
