import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ticketHash } from '../../../shared/domain/ticket.ts';
import {
  encodeFrame,
  FRAME_CLASS,
  TO_ALL,
  TO_RELAY,
  type FrameClass,
} from '../../../shared/protocol/frame.ts';
import { createCounts } from '../../../stream-task/counts.ts';
import { Pulse } from '../../../stream-task/pulse.ts';
import { Registry } from '../../../stream-task/registry.ts';
import type { Session } from '../../../stream-task/session.ts';
import { TIMING } from '../../../stream-task/timing.ts';
import { Turns } from '../../../stream-task/turns.ts';
import { FrameReader } from '../../support/wire-frames.ts';

const room_id = '00157';
const TICKET = 'a'.repeat(43);
const SENDER = '00000000-0000-4000-8000-000000000001';
const RECEIVER = '00000000-0000-4000-8000-000000000002';

describe('a connection that takes the place of another', () => {
  const turns = new Turns();
  let registry: Registry;
  let pulse: Pulse;
  beforeEach(() => {
    vi.useFakeTimers();
    turns.read();
    pulse = new Pulse(TIMING.tick);
    const limits = { messages_per_second: 1_000, bytes_per_second: 1_000_000 };
    registry = new Registry({
      room_capacity: 1,
      connect_timeout: 30_000,
      resume_grace: 15_000,
      host: {
        limits: { ...limits, largest_message: 1_000, send_budget: 100_000 },
        timing: TIMING,
        counts: createCounts(),
        pulse,
        turns,
      },
      limits: { ...limits, max_frame_bytes: 1_000, max_control_bytes: 1_000, send_budget_bytes: 100_000 },
      events: { connected: () => {}, removed: () => {} },
    });
    const clients = [SENDER, RECEIVER].map((client_id) => ({
      client_id,
      ticket_hash: ticketHash(TICKET),
      generation: 1,
      connect_by: Date.now() + 10_000,
    }));
    registry.register({ room_id, created_at: 1, epoch: 1, max_clients: 2, clients });
  });
  afterEach(() => {
    registry.stop();
    pulse.stop();
    vi.useRealTimers();
  });

  /** Connects; `told` are the types of the control messages that come. */
  function connect(client_id: string): { session: Session; told: string[] } {
    const told: string[] = [];
    const admission = registry.admit({ room_id, client_id, ticket: TICKET }, 'anteroom.v1');
    if (admission.kind !== 'admitted') throw new Error('refused');
    const session = admission.open({
      since: undefined,
      waiting: 0,
      write(frames) {
        for (const { opcode, payload } of new FrameReader().push(Buffer.from(frames)))
          if (opcode === 1) told.push((JSON.parse(payload.toString()) as { type: string }).type);
        return true;
      },
      sendClose() {},
      terminate() {},
    });
    return { session, told };
  }

  function say(session: Session, of: FrameClass, destination: number, payload: Uint8Array): void {
    const header = { class: of, source: session.slot, destination, droppable: true, keyframe: false };
    const frame = Buffer.from(encodeFrame({ ...header, e2e: false, layer: 2, stream: 0 }, payload));
    turns.read();
    session.message(frame, 0, frame.length, 0, true);
    session.readEnded();
  }

  function after(ms: number): void {
    vi.advanceTimersByTime(ms);
    // Not in one go with what comes next: a time in which nothing is read makes nobody late.
    turns.read();
    turns.blind = 0;
  }

  it('[R21] [R56] hears its welcome first, then how congested it is', () => {
    const before = connect(SENDER);
    const { session: receiver } = connect(RECEIVER);
    after(10);
    say(receiver, FRAME_CLASS.CTRL, TO_RELAY, Buffer.from([0, 0, 0, 1]));
    say(before.session, FRAME_CLASS.MSG, TO_ALL, Buffer.from('under way'));
    after(300);
    say(before.session, FRAME_CLASS.VIDEO, TO_ALL, Buffer.from('left out'));
    expect(before.told).toEqual(['welcome', 'joined', 'congested']);
    after(1_100);
    say(before.session, FRAME_CLASS.VIDEO, TO_ALL, Buffer.from('left out'));
    expect(connect(SENDER).told).toEqual(['welcome', 'congested']);
  });
});
