import { beforeEach, describe, expect, it } from 'vitest';
import { createCounts } from '../../../stream-task/counts.ts';
import { FrameMeter } from '../../../stream-task/frame-meter.ts';
import { serverFrame } from '../../../stream-task/lane/server-frame.ts';
import type { Pulse } from '../../../stream-task/pulse.ts';
import { Rate } from '../../../stream-task/rate.ts';
import { Room, type Member } from '../../../stream-task/room.ts';
import { Session } from '../../../stream-task/session.ts';
import type { ClientSocket, Ending } from '../../../stream-task/session-types.ts';
import { TIMING } from '../../../stream-task/timing.ts';
import { Turns } from '../../../stream-task/turns.ts';
import {
  encodeFrame,
  FRAME_CLASS,
  TO_ALL,
  TO_RELAY,
  type FrameHeader,
} from '../../../shared/protocol/frame.ts';
import type { Protocol } from '../../../shared/protocol/subprotocol.ts';
import { clientFrame, OPCODE } from '../../support/wire-frames.ts';

/** A socket that keeps what happens to it. */
class Wire implements ClientSocket {
  waiting = 0;
  readonly log: string[] = [];
  readonly #meter = new FrameMeter();
  get since(): number | undefined {
    return this.#meter.since;
  }
  set since(since: number | undefined) {
    this.#meter.since = since;
  }
  /** Bytes of the client, as whoever parses them tells the session of them. */
  received(session: Session, bytes: Uint8Array, now: number): void {
    session.fragments(this.#meter.push(bytes, now));
  }
  write(frames: Uint8Array): boolean {
    // One short frame each.
    const name = { [OPCODE.PING]: 'ping', [OPCODE.PONG]: 'pong ' }[frames[0]! & 15] ?? '';
    this.log.push(name + Buffer.from(frames.subarray(2)).toString());
    return this.waiting === 0;
  }
  sendClose(code: number): void {
    this.log.push(`close ${code}`);
  }
  terminate(): void {
    this.log.push('terminate');
  }
}

/** A message of the client. */
function say(session: Session, text: string, binary: boolean): void {
  session.message(Buffer.from(text), 0, text.length, 0, binary);
}

/** A message of another member. */
function deliver(session: Session, payload: Buffer): void {
  session.deliver(serverFrame(OPCODE.BINARY, payload), payload.length);
}

/** A frame of `anteroom.v1`, by default a message to all. */
function v1(header: Partial<FrameHeader>, payload: Uint8Array): Buffer {
  const usual = {
    class: FRAME_CLASS.MSG,
    droppable: false,
    keyframe: false,
    e2e: false,
    layer: 0,
    stream: 0,
  };
  return Buffer.from(encodeFrame({ ...usual, source: 3, destination: TO_ALL, ...header }, payload));
}

const ALIVE = '{"type":"alive"}';

describe('session', () => {
  let wire: Wire;
  let endings: Ending[];
  let clock: number;
  let room: Room;
  const pulse = { now: 0, add() {}, delete() {} };
  const counts = createCounts();
  const turns = new Turns();

  /** A session, with the time at which it started as 0. */
  function start(protocol: Protocol = 'anteroom.v1', budget = 1_000): Session {
    turns.read();
    clock = turns.now;
    pulse.now = clock;
    room = new Room({ room_id: '10000', epoch: 1, max_clients: 2 }, turns);
    room.protocol = protocol;
    const limits = {
      messages_per_second: 1_000,
      bytes_per_second: 1_000_000,
      largest_message: 1_000,
      send_budget: budget,
    };
    return new Session(wire, {
      host: { limits, timing: TIMING, counts, pulse: pulse as unknown as Pulse, turns },
      room,
      client_id: 'a',
      slot: 7,
      protocol,
      rate: new Rate(limits, clock),
      ended: (_session, ending) => endings.push(ending),
      movedOn: () => false,
    });
  }

  /** One tick of the pulse, `ms` after the start. */
  function beat(session: Session, ms: number, stood = 0): void {
    pulse.now = clock + ms;
    session.beat(pulse.now, stood);
  }

  beforeEach(() => {
    wire = new Wire();
    endings = [];
  });

  it('[R25] says alive once 5 s have passed since anything was sent', () => {
    const session = start();
    for (let ms = 500; ms <= 5_000; ms += 500) beat(session, ms);
    expect(wire.log).toEqual([]);
    beat(session, 6_000);
    expect(wire.log).toEqual([ALIVE]);
    beat(session, 6_500);
    deliver(session, Buffer.from('x'));
    beat(session, 11_500);
    expect(wire.log).toEqual([ALIVE, 'x']);
    beat(session, 12_500);
    expect(wire.log).toEqual([ALIVE, 'x', ALIVE]);
  });

  it('[R41] pings after 20 to 25 s, and ends the connection when two pings stay unanswered', () => {
    const session = start('anteroom.raw.v1');
    beat(session, 19_000);
    expect(wire.log).toEqual([]);
    beat(session, 25_500);
    beat(session, 51_000);
    expect(wire.log).toEqual(['ping', 'ping']);
    beat(session, 70_500);
    expect(wire.log).toEqual(['ping', 'ping']);
    beat(session, 76_500);
    expect(wire.log).toEqual(['ping', 'ping', 'terminate']);
    session.closed(1006);
    expect(endings).toEqual(['broke']);
  });

  it('[R41] goes on when a ping is answered late', () => {
    const session = start('anteroom.raw.v1');
    for (let n = 1; n <= 12; n++) {
      beat(session, n * 25_500);
      if (n % 2 === 0) session.ponged(0);
    }
    expect(wire.log).toEqual(Array.from({ length: 12 }, () => 'ping'));
  });

  it('[R51] does not cut off a client whose pongs were not read while the process stood still', () => {
    const session = start('anteroom.raw.v1');
    beat(session, 25_500);
    beat(session, 51_000);
    beat(session, 111_500, 60_000);
    expect(wire.log).toEqual(['ping', 'ping']);
    session.ponged(0);
    beat(session, 136_500);
    expect(wire.log).toEqual(['ping', 'ping', 'ping']);
  });

  it('[R51] still cuts off a client that has not answered once the process has read', () => {
    const session = start('anteroom.raw.v1');
    beat(session, 25_500);
    beat(session, 51_000);
    beat(session, 111_500, 60_000);
    beat(session, 136_500);
    expect(wire.log).toEqual(['ping', 'ping', 'terminate']);
  });

  it('[R51] ends nobody for the rate before the beat has told that the process stood still', () => {
    const session = start('anteroom.raw.v1');
    pulse.now = clock - 60_000;
    for (let n = 0; n < 5_000; n++) say(session, 'x', true);
    expect(wire.log).toEqual([]);
    beat(session, 0, 60_000);
    say(session, 'x', true);
    expect(wire.log).toEqual([]);
  });

  it('[R51] says alive at once after the process stood still', () => {
    const session = start();
    beat(session, 1_000);
    beat(session, 9_000, 7_500);
    expect(wire.log).toEqual([ALIVE]);
  });

  it('[R51] gives a message under way the time that the process stood still', () => {
    const session = start('anteroom.raw.v1');
    wire.received(session, clientFrame(OPCODE.BINARY, 'a', false), pulse.now);
    beat(session, 60_000, 59_500);
    expect(wire.log).toEqual([]);
    beat(session, 90_000);
    expect(wire.log.at(-1)).toBe('close 4408');
  });

  it('[R49] ends a message that does not finish, with 4408, however busy its fragments and pings are', () => {
    const session = start('anteroom.raw.v1');
    wire.received(session, clientFrame(OPCODE.BINARY, 'a', false), pulse.now);
    for (let ms = 1_000; ms < 30_000; ms += 1_000) {
      beat(session, ms);
      wire.received(session, clientFrame(OPCODE.CONTINUATION, '', false), pulse.now);
      wire.received(session, clientFrame(OPCODE.PING), pulse.now);
    }
    expect(wire.log.filter((line) => line !== 'ping')).toEqual([]);
    // A little more: the message began a moment after the session did.
    beat(session, 31_000);
    expect(wire.log.at(-1)).toBe('close 4408');
    expect(endings).toEqual(['broke']);
  });

  it('[R49] leaves alone who sends one message after the other, each cut anywhere', () => {
    const session = start('anteroom.raw.v1');
    const frame = clientFrame(OPCODE.BINARY, 'message');
    wire.received(session, frame.subarray(0, 5), pulse.now);
    for (let ms = 20_000; ms <= 200_000; ms += 20_000) {
      beat(session, ms);
      session.ponged(0);
      wire.received(session, Buffer.concat([frame.subarray(5), frame.subarray(0, 5)]), pulse.now);
    }
    expect(wire.log.filter((line) => line !== 'ping')).toEqual([]);
  });

  it('[R50] counts fragments as messages', () => {
    const session = start('anteroom.raw.v1');
    for (let n = 0; n < 2_000; n++)
      wire.received(session, clientFrame(OPCODE.CONTINUATION, '', false), pulse.now);
    expect(wire.log).toEqual([]);
    for (let n = 0; n < 1_000; n++)
      wire.received(session, clientFrame(OPCODE.CONTINUATION, '', false), pulse.now);
    expect(wire.log).toEqual(['close 4429']);
  });

  it('[R39] [R40] answers pings as long as the answers are read', () => {
    const session = start('anteroom.raw.v1', 300);
    wire.waiting = 10;
    session.pinged(Buffer.from('there?'));
    wire.waiting = 300 - 128 - 5;
    session.pinged(Buffer.from('there?'));
    expect(wire.log).toEqual(['pong there?', 'close 4429']);
  });

  it('[R40] counts the next message against the budget, and sends nothing after it closed', () => {
    const session = start('anteroom.raw.v1', 300);
    wire.waiting = 100;
    deliver(session, Buffer.alloc(40));
    // 128 for the message that waits already.
    deliver(session, Buffer.alloc(300 - 100 - 128));
    expect(wire.log).toHaveLength(1);
    deliver(session, Buffer.alloc(1));
    deliver(session, Buffer.alloc(1));
    expect(wire.log.slice(2)).toEqual(['close 4429']);
    expect(endings).toEqual(['broke']);
  });

  it('ends once, however it comes', () => {
    const session = start();
    session.end(4503, 'draining');
    session.end(4404, 'gone');
    say(session, '{"type":"leave"}', false);
    session.closed(4503);
    beat(session, 100_000);
    expect(wire.log).toEqual(['close 4503']);
    expect(endings).toEqual(['broke']);
  });

  it.each([
    [1000, 'left'],
    [1001, 'closed'],
    [1005, 'closed'],
    [1006, 'broke'],
    [4000, 'closed'],
  ])('[R29] [R30] takes close code %i of the client as "%s"', (code, ending) => {
    start().closed(code);
    expect(endings).toEqual([ending]);
  });

  /** Another member, which only sends. */
  const other = { log_serial: 0, log_part: 0 } as Member;

  it('[R40] ends once, also if what it is sent before its end is too much for it', () => {
    const session = start('anteroom.raw.v1', 200);
    room.add(session);
    wire.waiting = 150;
    deliver(session, Buffer.from('x'));
    room.forward(other, Buffer.alloc(50), 0, 50, 0, true);
    const before = counts.closes.get(4429) ?? 0;
    session.message(Buffer.alloc(0), 0, 3_000_000, 0, true);
    expect(wire.log).toEqual(['x', 'close 4429']);
    expect(endings).toEqual(['broke']);
    expect(counts.closes.get(4429)).toBe(before + 1);
  });

  describe('that acknowledges, and cannot keep up', () => {
    let session: Session;

    function acknowledge(count: number, ms: number): void {
      turns.now = clock + ms;
      const payload = Buffer.alloc(4);
      payload.writeUInt32BE(count);
      const frame = v1({ class: FRAME_CLASS.CTRL, source: 7, destination: TO_RELAY }, payload);
      session.message(frame, 0, frame.length, 0, true);
    }

    function forward(frame: Buffer): void {
      room.forward(other, frame, 0, frame.length, 0, true);
    }

    beforeEach(() => {
      session = start('anteroom.v1', 1_000);
      room.add(session);
      deliver(session, v1({}, Buffer.from('1')));
      acknowledge(1, 10);
      wire.waiting = 300;
      deliver(session, v1({}, Buffer.from('2')));
      turns.now = clock + 1_000;
      wire.log.length = 0;
    });

    const video = v1({ class: FRAME_CLASS.VIDEO, droppable: true, layer: 2 }, Buffer.from('left out'));

    it('[R40] gets nothing behind a message that did not fit', () => {
      forward(v1({}, Buffer.alloc(700)));
      forward(video);
      forward(v1({}, Buffer.from('small')));
      room.flush();
      expect(wire.log).toEqual(['close 4429']);
    });
  });
});
