import { describe, expect, it } from 'vitest';
import type { RelayControl } from '../../../shared/protocol/control.ts';
import { OPCODE, serverFrame } from '../../../stream-task/lane/server-frame.ts';
import { Room, type Member } from '../../../stream-task/room.ts';
import { Turns } from '../../../stream-task/turns.ts';
import { assertSame } from '../../support/check.ts';
import { FrameReader } from '../../support/wire-frames.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A member that keeps what it hears. */
class Listener implements Member {
  log_serial = 0;
  log_part = 0;
  readonly client_id: string;
  readonly slot: number;
  readonly heard: string[] = [];
  writes = 0;
  /** The room that it gets too much of. */
  swamped: Room | undefined;
  ended = (): void => {};

  constructor(slot: number) {
    this.slot = slot;
    this.client_id = `client ${slot}`;
  }

  take(frames: Buffer, messages: number, bytes: number): boolean {
    this.swamped?.tooSlow(this);
    this.swamped = undefined;
    const payloads = new FrameReader().push(frames).map(({ payload }) => payload);
    assertSame([payloads.length, payloads.reduce((sum, { length }) => sum + length, 0)], [messages, bytes]);
    for (const payload of payloads) this.heard.push(payload.length > 99 ? 'long' : payload.toString());
    this.writes++;
    return false;
  }

  deliver(frame: Buffer, bytes: number): void {
    this.take(frame, 1, bytes);
  }

  tell(_control: RelayControl): void {}
  forget(): void {}
  left(): void {}

  endSlow(): void {
    this.ended();
  }
}

function roomOf(count: number): { room: Room; turns: Turns; members: Listener[] } {
  const turns = new Turns();
  const room = new Room({ room_id: '10000', epoch: 1, max_clients: 10 }, turns);
  room.protocol = 'anteroom.v1';
  const members = Array.from({ length: count }, (_, slot) => new Listener(slot));
  for (const member of members) room.add(member);
  return { room, turns, members };
}

function say(room: Room, sender: Member, text: string): void {
  room.forward(sender, Buffer.from(text), 0, text.length, 0, true);
}

describe('room', () => {
  it('sends what several members said in one turn with one write to each', async () => {
    const { room, members } = roomOf(3);
    const [a, b, c] = members as [Listener, Listener, Listener];
    for (const text of ['a1', 'a2']) say(room, a, text);
    room.readEnded();
    say(room, b, 'b1');
    room.readEnded();
    expect(members.map(({ writes }) => writes)).toEqual([0, 0, 0]);
    await turn();
    expect([a.heard, b.heard, c.heard]).toEqual([['b1'], ['a1', 'a2'], ['a1', 'a2', 'b1']]);
    expect(members.map(({ writes }) => writes)).toEqual([1, 1, 1]);
  });

  it('sends at the end of the read where there are two', () => {
    const { room, members } = roomOf(2);
    say(room, members[0]!, 'x');
    expect(members[1]!.heard).toEqual([]);
    room.readEnded();
    expect(members[1]!.heard).toEqual(['x']);
  });

  it('[R43] keeps the order of a sender that comes back to a log behind another', async () => {
    const { room, members } = roomOf(3);
    const [a, b, c] = members as [Listener, Listener, Listener];
    for (const [who, text] of [
      [a, 'a1'],
      [b, 'b1'],
      [a, 'a2'],
      [b, 'b2'],
    ] as const)
      say(room, who, text);
    await turn();
    expect([a.heard, b.heard]).toEqual([
      ['b1', 'b2'],
      ['a1', 'a2'],
    ]);
    expect(c.heard.filter((text) => text.startsWith('a'))).toEqual(['a1', 'a2']);
    expect(c.heard.filter((text) => text.startsWith('b'))).toEqual(['b1', 'b2']);
  });

  it('[R43] sends what was said before a unicast and before a control message before them', () => {
    const { room, members } = roomOf(3);
    const [a, b] = members as [Listener, Listener];
    say(room, a, 'to all');
    expect(room.forwardTo(1, a, serverFrame(OPCODE.BINARY, Buffer.from('to b')), 4)).toBe(true);
    say(room, a, 'again');
    room.announce({ type: 'left', slot: 9, client_id: 'gone', reason: 'gone' });
    expect(b.heard.slice(0, 3)).toEqual(['to all', 'to b', 'again']);
    expect(JSON.parse(b.heard[3]!)).toMatchObject({ type: 'left' });
    expect(b.heard).toHaveLength(4);
  });

  it('sends what was said before somebody came or went to those who were there then', async () => {
    const { room, members } = roomOf(3);
    const [a, b, c] = members as [Listener, Listener, Listener];
    const late = new Listener(3);
    say(room, a, '1');
    room.add(late);
    say(room, a, '2');
    room.remove(c);
    say(room, a, '3');
    await turn();
    expect([b.heard, c.heard, late.heard]).toEqual([
      ['1', '2', '3'],
      ['1', '2'],
      ['2', '3'],
    ]);
    expect(a.heard).toEqual([]);
  });

  it('sends nothing late, however it shrinks: also to the last two', async () => {
    const { room, members } = roomOf(3);
    const [a, b, c] = members as [Listener, Listener, Listener];
    say(room, a, '1');
    room.remove(c);
    say(room, a, '2');
    room.readEnded();
    await turn();
    expect(b.heard).toEqual(['1', '2']);
    say(room, a, '3');
    room.readEnded();
    expect(b.heard).toEqual(['1', '2', '3']);
  });

  it('ends who is too slow once all others have got the log, and tells of it afterwards', async () => {
    const { room, members } = roomOf(4);
    const [a, b, c, d] = members as [Listener, Listener, Listener, Listener];
    for (const slow of [b, c]) {
      slow.swamped = room;
      slow.ended = () => {
        room.remove(slow);
        room.announce({ type: 'left', slot: slow.slot, client_id: slow.client_id, reason: 'resuming' });
      };
    }
    say(room, a, 'x');
    await turn();
    expect(room.members).toEqual([a, d]);
    expect(d.heard[0]).toBe('x');
    const left = d.heard.slice(1).map((text) => (JSON.parse(text) as { slot: number }).slot);
    expect(left).toEqual([1, 2]);
    // Outside of a delivery it is ended at once.
    d.swamped = room;
    d.ended = () => room.remove(d);
    expect(room.forwardTo(3, a, serverFrame(OPCODE.BINARY, Buffer.from('y')), 1)).toBe(true);
    expect(room.members).toEqual([a]);
  });

  it('is spent for the rest of a turn when its messages have cost much, however many readers share it', async () => {
    const { room, turns, members } = roomOf(10);
    const long = Buffer.alloc(60_000);
    let sent = 0;
    while (!room.spent && sent < 1_000) {
      sent++;
      room.forward(members[sent % 10]!, long, 0, long.length, 0, true);
    }
    expect(sent).toBeGreaterThan(2);
    expect(sent).toBeLessThan(20);
    // Something waits for the next turn, as a connection that is not read would.
    turns.resumeLater({ resume: () => true });
    await turn();
    expect(room.spent).toBe(false);
    expect(members[0]!.heard).toHaveLength(sent - Math.floor(sent / 10));
  });

  it('is not spent between two by what was said in many turns', async () => {
    const { room, turns, members } = roomOf(2);
    const long = Buffer.alloc(60_000);
    for (let n = 0; n < 100; n++) {
      turns.read();
      room.forward(members[0]!, long, 0, long.length, 0, true);
      room.readEnded();
      expect(room.spent).toBe(false);
      await turn();
    }
    expect(members[1]!.heard).toHaveLength(100);
  });

  it('[R40] ends a thousand members one after the other, where the end of each is too much for the next', () => {
    const { room } = roomOf(0);
    const said = { type: 'left', slot: 0, client_id: 'gone', reason: 'resuming' } as const;
    let depth = 0;
    let deepest = 0;
    for (let slot = 0; slot < 1_000; slot++) {
      const member = new Listener(slot);
      let over = false;
      member.take = () => {
        if (!over) room.tooSlow(member);
        over = true;
        return false;
      };
      member.ended = () => {
        deepest = Math.max(deepest, ++depth);
        room.remove(member);
        room.announce(said);
        depth--;
      };
      room.add(member);
    }
    room.announce(said);
    expect(room.members).toEqual([]);
    expect(deepest).toBe(1);
  });
});
