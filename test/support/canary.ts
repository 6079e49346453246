/** Two clients in a room of their own that go on talking while something else is under attack. */
import type { Peer, TestRelay } from './relay.ts';
import { FRAME_CLASS, FRAME_VERSION, HEADER_BYTES, TO_ALL } from '../../shared/protocol/frame.ts';

/** A message to all others in `anteroom.v1`, written by hand. */
export function frameOf(source: number, payload: Uint8Array | string): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES);
  frame[0] = (FRAME_VERSION << 6) | (FRAME_CLASS.MSG << 3);
  frame.writeUInt16BE(source, 2);
  frame.writeUInt16BE(TO_ALL, 4);
  return Buffer.concat([frame, Buffer.from(payload)]);
}

export class Canary {
  readonly #peers: readonly [Peer, Peer];
  #sent = 0;

  private constructor(peers: readonly [Peer, Peer]) {
    this.#peers = peers;
  }

  static async start(relay: TestRelay): Promise<Canary> {
    const { peers } = await relay.room(2);
    return new Canary([peers[0]!, peers[1]!]);
  }

  /** Each says the next number and must hear just that of the other. */
  async chirp(): Promise<void> {
    const number = String(this.#sent++);
    for (const peer of this.#peers) peer.send(frameOf(peer.slot, number));
    for (const [n, peer] of this.#peers.entries()) {
      const wanted = frameOf(this.#peers[1 - n]!.slot, number);
      for (;;) {
        const { data, binary } = await peer.next();
        if (!binary && data.toString() === '{"type":"alive"}') continue;
        if (binary && data.equals(wanted)) break;
        throw new Error(`another room was disturbed: ${number} was due, ${data.toString('latin1')} came`);
      }
    }
  }

  /** Goes on until the promise is settled, and once after it; resolves to what it resolves to. */
  async during<T>(attack: Promise<T>): Promise<T> {
    const state = { over: false };
    const settled = attack.finally(() => (state.over = true));
    settled.catch(() => undefined);
    while (!state.over) {
      await this.chirp();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await this.chirp();
    return settled;
  }
}
