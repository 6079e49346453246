import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ticketHash } from '../../../shared/domain/ticket.ts';
import { encodeFrame, FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import { createCounts } from '../../../stream-task/counts.ts';
import { Pulse } from '../../../stream-task/pulse.ts';
import { Registry } from '../../../stream-task/registry.ts';
import type { ClientSocket } from '../../../stream-task/session-types.ts';
import type { Session } from '../../../stream-task/session.ts';
import { TIMING } from '../../../stream-task/timing.ts';
import { Turns } from '../../../stream-task/turns.ts';
import { FrameReader } from '../../support/wire-frames.ts';

/** A socket that gives the kernel all, or nothing until it is told so. */
class Wire implements ClientSocket {
  since: number | undefined;
  stalled = false;
  waiting = 0;
  readonly heard: string[] = [];

  write(frames: Uint8Array): boolean {
    for (const { payload } of new FrameReader().push(frames)) this.heard.push(payload.toString('latin1'));
    if (this.stalled) this.waiting += frames.length;
    return !this.stalled;
  }
  sendClose(code: number): void {
    this.heard.push(`close ${code}`);
  }
  hangUp(): void {}
  terminate(): void {}
}

/** What is said in a turn of the loop in which somebody comes or goes. */
describe('messages that are under way', () => {
  const names = ['a', 'b', 'c'];
  let registry: Registry;
  let pulse: Pulse;

  beforeEach(() => {
    pulse = new Pulse(TIMING.tick);
    const limits = { messages_per_second: 1_000, bytes_per_second: 1_000_000 };
    registry = new Registry({
      room_capacity: 1,
      connect_timeout: 30_000,
      resume_grace: 15_000,
      host: {
        limits: { ...limits, largest_message: 1_000, send_budget: 1_000 },
        timing: TIMING,
        counts: createCounts(),
        pulse,
        turns: new Turns(),
      },
      limits: { ...limits, max_frame_bytes: 1_000, max_control_bytes: 1_000, send_budget_bytes: 1_000 },
      events: { connected() {}, removed() {} },
    });
    const clients = names.map((client_id) => {
      const connect_by = Date.now() + 30_000;
      return { client_id, ticket_hash: ticketHash(client_id), generation: 1, connect_by };
    });
    registry.register({ room_id: '10000', created_at: 1, epoch: 1, max_clients: 3, clients });
  });
  afterEach(() => {
    registry.stop();
    pulse.stop();
  });

  function connect(name: string): { wire: Wire; session: Session } {
    const admission = registry.admit({ room_id: '10000', client_id: name, ticket: name }, 'anteroom.v1');
    if (admission.kind !== 'admitted') throw new Error(admission.reason);
    const wire = new Wire();
    return { wire, session: admission.open(wire) };
  }

  function say({ session }: { session: Session }, text: string): void {
    const header = { class: FRAME_CLASS.MSG, droppable: false, keyframe: false, e2e: false } as const;
    const places = { layer: 0, stream: 0, source: session.slot, destination: TO_ALL };
    const frame = Buffer.from(encodeFrame({ ...header, ...places }, Buffer.from(text)));
    session.message(frame, 0, frame.length, 0, true);
  }

  it('end whoever cannot take them before one that comes hears who is there', () => {
    const [a, b] = [connect('a'), connect('b')];
    b.wire.stalled = true;
    say(a, 'x');
    a.session.readEnded();
    say(a, 'x'.repeat(900));
    const c = connect('c');
    expect(b.wire.heard.at(-1)).toBe('close 4429');
    const { clients } = JSON.parse(c.wire.heard[0]!) as { clients: { client_id: string }[] };
    expect(clients.map(({ client_id }) => client_id)).toEqual(['a']);
  });

  it('[R28] reach the connection that is replaced', () => {
    const [a, b] = [connect('a'), connect('b')];
    say(a, 'just before');
    const again = connect('b');
    expect(b.wire.heard.slice(-2)).toEqual([expect.stringContaining('just before'), 'close 4409']);
    expect(again.wire.heard).toHaveLength(1);
  });

  it('are not sent behind the close frame of a client that closes while some wait for it', () => {
    const [a, b] = [connect('a'), connect('b')];
    b.wire.stalled = true;
    for (const text of ['written', 'kept']) {
      say(a, text);
      a.session.readEnded();
    }
    expect(b.wire.heard.at(-1)).toContain('written');
    b.session.closed(1_000);
    b.wire.stalled = false;
    b.session.drained();
    expect(b.wire.heard.at(-1)).toContain('written');
  });
});
