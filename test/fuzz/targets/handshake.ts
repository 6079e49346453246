/** The WebSocket handshake: everything that can be wrong with a request, over bare TCP. [R4]–[R11] */
import fc from 'fast-check';
import { credentialsToken, PROTOCOLS } from '../../../shared/protocol/subprotocol.ts';
import { frameBytes, headEnd, parseResponse, RawSocket } from '../../support/raw-socket.ts';
import { newClient, newRoomId } from '../../support/relay.ts';
import { clientFrame, closePayload, FrameReader, OPCODE, splitAt } from '../../support/wire-frames.ts';
import { expected, handshakeCase, requestOf, type Seat } from '../handshake-cases.ts';
import { startUnderFire, type UnderFire } from '../relay-under-fire.ts';
import type { Target } from '../target.ts';

/** All that a request may be answered with in place of 101: docs/protocol.md R6 to R8 and R47; 200 and 404 as plain HTTP. */
const STATUSES = new Set([200, 400, 401, 403, 404, 405, 408, 413, 415, 417, 426, 429, 431]);

/** Sends the case and says how it ended: a status, a close code, 101 for a seat, 0 for an end without an answer. */
async function play(
  { relay }: UnderFire,
  bytes: Buffer,
  cuts: number[],
  patient: boolean,
): Promise<[number, string]> {
  const raw = await RawSocket.open(relay.port);
  try {
    await raw.writePieces(splitAt(bytes, cuts));
    // Where the outcome depends on the bytes it may be that more of them are awaited.
    if (!patient) raw.socket.end();
    await raw.until(({ text, ended }) => ended || parseResponse(text) !== undefined, 'an answer');
    const response = parseResponse(raw.text, raw.ended);
    if (response?.status !== 101) return [response?.status ?? 0, raw.text];
    raw.write(clientFrame(OPCODE.CLOSE, closePayload(4_999)));
    await raw.over();
    const frames = new FrameReader().push(frameBytes(raw));
    const closed = frames.find(({ opcode }) => opcode === OPCODE.CLOSE);
    const code = closed === undefined || closed.payload.length < 2 ? 0 : closed.payload.readUInt16BE(0);
    const head = raw.text.slice(0, headEnd(raw.text));
    return [code === 4_999 || code === 0 ? 101 : code, head];
  } finally {
    raw.destroy();
  }
}

export const handshakeTarget: Target = {
  name: 'handshake',
  async start() {
    const fire = await startUnderFire();
    const property = fc.asyncProperty(
      fc.record({ test: handshakeCase, cuts: fc.array(fc.nat(500), { maxLength: 6 }) }),
      async ({ test, cuts }) => {
        const { room_id, clients } = fire.seats(1);
        const client = clients[0]!;
        const own = credentialsToken({ room_id, ...client });
        const names: Record<string, string> = {
          SEAT: own,
          'WRONG TICKET': credentialsToken({
            room_id,
            client_id: client.client_id,
            ticket: newClient().ticket,
          }),
          'OTHER ROOM': credentialsToken({ room_id: newRoomId(), ...client }),
        };
        const seat: Seat = { own, offer: (name) => names[name] ?? name };
        const wanted = expected(test, seat);
        const played = play(fire, requestOf(test, seat), cuts, wanted !== undefined);
        const [[outcome, answer]] = await Promise.all([played, fire.canary.chirp()]);
        fire.clear(room_id, clients);

        if (answer.includes(client.ticket)) throw new Error('the ticket was sent back');
        if (wanted !== undefined && outcome !== wanted)
          throw new Error(`${outcome} in place of ${wanted}: ${answer}`);
        if (![0, 101, 4_400, 4_401].includes(outcome) && !STATUSES.has(outcome)) {
          throw new Error(`an answer that is not documented: ${outcome} ${answer}`);
        }
        if (answer.startsWith('HTTP/1.1 101 ')) {
          const selected = parseResponse(answer)?.headers.get('sec-websocket-protocol');
          if (!PROTOCOLS.some((protocol) => protocol === selected)) throw new Error(`selected ${selected}`);
          if (/sec-websocket-extensions/i.test(answer)) throw new Error('an extension was negotiated');
        }
      },
    );
    return { property, settled: () => fire.settled(), stop: () => fire.stop() };
  },
};
