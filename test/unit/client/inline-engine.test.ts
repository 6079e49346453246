import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inlineEngines } from '../../../client/src/engine/inline-engine.ts';
import type { EngineConfig } from '../../../client/src/engine/engine.ts';
import type { RelayControl } from '../../../shared/protocol/control.ts';
import { encodeFrame, FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import {
  endpoint,
  FakeChannel,
  fakeSockets,
  idOf,
  listening,
  PLAIN_CONFIG,
  SEALED_CONFIG,
  welcomeOf,
} from '../../support/engine-doubles.ts';

const frameFrom = (source: number, payload: number[]) =>
  encodeFrame(
    {
      class: FRAME_CLASS.MSG,
      droppable: false,
      keyframe: false,
      e2e: false,
      layer: 0,
      stream: 0,
      source,
      destination: TO_ALL,
    },
    Uint8Array.from(payload),
  );
const OUTGOING = {
  class: FRAME_CLASS.MSG,
  payload: Uint8Array.of(1),
  stream: 0,
  layer: 0,
  droppable: false,
  keyframe: false,
  to: undefined,
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function open(config: EngineConfig) {
  const { sockets, openSocket } = fakeSockets();
  const { events, told } = listening();
  const channels: FakeChannel[] = [];
  const engine = await inlineEngines({
    openSocket,
    openChannel(_sealing, channelEvents) {
      channels.push(new FakeChannel(channelEvents));
      return Promise.resolve(channels[0]!);
    },
    clock: () => performance.now(),
  })(config, events);
  /** Connects, and lets the relay say welcome. */
  const connected = (...digits: number[]) => {
    engine.connect(endpoint());
    const socket = sockets.at(-1)!;
    socket.events.open('anteroom.v1');
    socket.tell(welcomeOf(...digits));
    return socket;
  };
  return { engine, sockets, told, channel: channels[0]!, connected };
}

describe('the engine of an unencrypted room', () => {
  it('tells the welcome, who comes and goes, and frames', async () => {
    const { told, connected } = await open(PLAIN_CONFIG);
    const socket = connected(1);
    const joined = { type: 'joined', slot: 2, client_id: idOf(2) } as const;
    const left = { type: 'left', slot: 1, client_id: idOf(1), reason: 'gone' } as const;
    socket.tell(joined);
    socket.give(frameFrom(2, [5]));
    socket.tell(left);
    socket.give(frameFrom(1, [6]));
    expect(told).toEqual([
      ['welcome', welcomeOf(1)],
      ['peer', joined],
      ['frame', expect.objectContaining({ from: idOf(2), payload: Uint8Array.of(5) })],
      ['peer', left],
      ['fault', expect.stringContaining('slot 1'), undefined],
    ]);
  });

  it('takes no notice of what is said of ourselves, before the welcome, or for a second time', async () => {
    const { engine, sockets, told } = await open(PLAIN_CONFIG);
    engine.connect(endpoint());
    const socket = sockets[0]!;
    socket.tell({ type: 'joined', slot: 1, client_id: idOf(1) });
    socket.give(frameFrom(1, [5]));
    socket.tell({
      ...welcomeOf(1),
      clients: [
        { slot: 1, client_id: idOf(1) },
        { slot: 3, client_id: idOf(0) },
      ],
    });
    socket.tell({ type: 'joined', slot: 3, client_id: idOf(0) });
    socket.tell(welcomeOf(2));
    expect(told).toEqual([
      ['welcome', welcomeOf(1)],
      ['fault', 'The relay sent a second welcome', undefined],
    ]);
  });

  it('tells hints of the relay, of those who are here, and none before the welcome', async () => {
    const { engine, sockets, told, connected } = await open(PLAIN_CONFIG);
    const dropped = { class: 'video', stream: 3, count: 7 } as const;
    const hints = [
      { type: 'need_keyframe', stream: 4 },
      { type: 'congested', level: 2, receivers: 3 },
      {
        type: 'dropped',
        frames: [
          { ...dropped, slot: 1 },
          { ...dropped, slot: 8 },
          { ...dropped, slot: 2, class: 'audio' },
        ],
      },
    ] as const satisfies RelayControl[];
    engine.connect(endpoint());
    for (const hint of hints) sockets[0]!.tell(hint);
    expect(told).toEqual([]);
    const socket = connected(1, 2);
    for (const hint of hints) socket.tell(hint);
    const left_out = { kind: 'dropped', stream: 3, count: 7 };
    expect(told.slice(1)).toEqual([
      ['hint', { kind: 'keyframe', stream: 4 }],
      ['hint', { kind: 'congested', level: 2, receivers: 3 }],
      ['hint', { ...left_out, from: idOf(1), class: FRAME_CLASS.VIDEO }],
      ['hint', { ...left_out, from: idOf(2), class: FRAME_CLASS.AUDIO }],
    ]);
  });

  it('sends to all and to one, and nothing to who is not here or without a connection', async () => {
    const { engine, connected } = await open(PLAIN_CONFIG);
    engine.send(OUTGOING);
    const socket = connected(1);
    engine.send(OUTGOING);
    engine.send({ ...OUTGOING, to: idOf(1) });
    engine.send({ ...OUTGOING, to: idOf(2) });
    socket.bufferedAmount = 14;
    expect(engine.bufferedAmount).toBe(14);
    expect(socket.sent.map((frame) => [...(frame as Uint8Array).subarray(2)])).toEqual([
      [0, 9, 255, 255, 1],
      [0, 9, 0, 1, 1],
    ]);
    socket.end(1006);
    expect(engine.bufferedAmount).toBe(0);
  });

  it('leaves at once: nothing is waited for', async () => {
    const { engine, told, connected } = await open(PLAIN_CONFIG);
    const socket = connected();
    const hungUp = engine.hangUp(true);
    expect(socket.sent).toEqual(['{"type":"leave"}']);
    expect(socket.closed).toEqual([1000]);
    socket.end(1000);
    await hungUp;
    expect(told).toEqual([['welcome', welcomeOf()]]);
  });

  it('has no safety number, and invites nobody', async () => {
    const { engine } = await open(PLAIN_CONFIG);
    await expect(engine.safetyNumber()).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(engine.invite([], '00158', new Uint8Array(32))).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });
});

describe('a connection', () => {
  it('of before is not heard of any more once there is another', async () => {
    const { engine, sockets, told, connected } = await open(PLAIN_CONFIG);
    const old = connected(1);
    engine.connect(endpoint('ws://elsewhere'));
    expect(old.closed).toEqual(['abandoned']);
    told.length = 0;
    old.give(frameFrom(1, [5]));
    old.tell({ type: 'moved', epoch: 2, reason: 'rehomed' });
    old.end(1006);
    expect(told).toEqual([]);
    sockets[1]!.end(4503, 'draining');
    expect(told).toEqual([['closed', 4503, 'draining']]);
  });

  it('that falls silent is dead, also when a probe finds it after a sleep', async () => {
    const { engine, told, connected } = await open(PLAIN_CONFIG);
    connected();
    vi.setSystemTime(Date.now() + 12_000);
    engine.probe();
    expect(told.at(-1)).toEqual(['dead']);
    const socket = connected();
    vi.advanceTimersByTime(12_000);
    expect(told.slice(-2)).toEqual([['welcome', welcomeOf()], ['dead']]);
    expect(socket.closed).toEqual(['abandoned']);
  });

  it('is given up after a malformed welcome; later, one message less is no reason', async () => {
    const { engine, sockets, told, connected } = await open(PLAIN_CONFIG);
    engine.connect(endpoint());
    sockets[0]!.events.message('{"type":"welcome"}');
    expect(told).toEqual([['closed', 1002, 'The relay sent a malformed "welcome" message']]);
    const socket = connected();
    socket.events.message('{"type":"left"}');
    expect(told.at(-1)).toEqual(['fault', 'The relay sent a malformed "left" message', undefined]);
    expect(socket.closed).toEqual([]);
  });

  it('is hung up without giving the seat up where the room moved', async () => {
    const { engine, told, connected } = await open(PLAIN_CONFIG);
    const socket = connected();
    socket.tell({ type: 'moved', epoch: 2, reason: 'rehomed' });
    expect(told.at(-1)).toEqual(['moved', undefined]);
    const hungUp = engine.hangUp(false);
    expect([socket.closed, socket.sent]).toEqual([[undefined], []]);
    vi.advanceTimersByTime(2_000);
    await hungUp;
    expect(socket.closed).toEqual([undefined, 'abandoned']);
    expect(told.at(-1)).toEqual(['moved', undefined]);
  });

  it('is acknowledged every 50 ms while anything comes, texts included', async () => {
    const { engine, connected, sockets } = await open(PLAIN_CONFIG);
    const socket = connected(1);
    const acks = () => socket.sent.map((frame) => [...(frame as Uint8Array)]);
    const ack = (count: number) => [0b0100_0000, 0, 0, 9, 0xff, 0xfe, 0, 0, 0, count];
    vi.advanceTimersByTime(49);
    for (let n = 0; n < 3; n++) socket.give(frameFrom(1, [n]));
    expect(acks()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(acks()).toEqual([ack(4)]);
    vi.advanceTimersByTime(1_000);
    expect(acks()).toEqual([ack(4)]);
    socket.tell({ type: 'alive' });
    vi.advanceTimersByTime(50);
    expect(acks()).toEqual([ack(4), ack(5)]);

    // Each connection counts for itself, and a broken one is not written to.
    socket.tell({ type: 'alive' });
    connected();
    vi.advanceTimersByTime(1_000);
    expect(acks()).toEqual([ack(4), ack(5)]);
    expect(sockets[1]!.sent).toEqual([Uint8Array.from(ack(1))]);
    engine.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the engine of a sealed room', () => {
  it('gives its channel what the relay says, and tells what the channel says', async () => {
    const { told, channel, connected } = await open(SEALED_CONFIG);
    const socket = connected(1);
    const joined = { type: 'joined', slot: 2, client_id: idOf(2) } as const;
    const left = { type: 'left', slot: 2, client_id: idOf(2), reason: 'resuming' } as const;
    socket.tell(joined);
    socket.give(frameFrom(2, [5]));
    socket.tell(left);
    expect(channel.calls).toEqual([
      ['welcome', welcomeOf(1)],
      ['joined', joined],
      ['receive', frameFrom(2, [5])],
      ['left', left],
    ]);
    expect(told).toEqual([['securing', welcomeOf(1)]]);

    const standing = { sealed: [idOf(1)], securing: [], unsealed: [], disagreeing: [] };
    const trouble = { kind: 'lost', from: idOf(1), count: 2 } as const;
    const move = { from: idOf(1), room_id: '00158', secret: new Uint8Array(32) };
    channel.events.standing(standing);
    channel.events.secured(welcomeOf(1));
    channel.events.joined(joined);
    channel.events.trouble(trouble);
    channel.events.move(move);
    expect(told.slice(1)).toEqual([
      ['standing', standing],
      ['welcome', welcomeOf(1)],
      ['peer', joined],
      ['trouble', trouble],
      ['move', move],
    ]);
  });

  it('sends what the channel gives while there is a connection, and keeps the channel over breaks', async () => {
    const { engine, channel, connected, sockets } = await open(SEALED_CONFIG);
    channel.events.send(Uint8Array.of(1));
    const socket = connected(1);
    engine.send(OUTGOING);
    channel.events.send(Uint8Array.of(2));
    socket.end(1006);
    channel.events.send(Uint8Array.of(3));
    engine.send(OUTGOING);
    engine.connect(endpoint());
    sockets[1]!.tell(welcomeOf());
    expect(socket.sent).toEqual([Uint8Array.of(2)]);
    expect(sockets[1]!.sent).toEqual([]);
    expect(channel.called).toEqual(['welcome', 'send', 'disconnected', 'send', 'welcome']);
  });

  it('calls the channel when it wants to be called, and when a page wakes', async () => {
    const { engine, channel } = await open(SEALED_CONFIG);
    channel.events.alarm(performance.now() + 1_000);
    vi.advanceTimersByTime(500);
    channel.events.alarm(performance.now() + 100);
    vi.advanceTimersByTime(99);
    expect(channel.called).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(channel.called).toEqual(['tick']);
    vi.advanceTimersByTime(1_000);
    engine.probe();
    expect(channel.called).toEqual(['tick', 'tick']);
  });

  it('says goodbye before it leaves, and tells nothing meanwhile', async () => {
    const { engine, told, channel, connected } = await open(SEALED_CONFIG);
    const socket = connected(1);
    let said = (): void => undefined;
    channel.farewell = new Promise((resolve) => {
      said = resolve;
    });
    told.length = 0;
    const hungUp = engine.hangUp(true);
    channel.events.send(Uint8Array.of(8));
    channel.events.standing({ sealed: [], securing: [], unsealed: [], disagreeing: [] });
    socket.tell({ type: 'left', slot: 1, client_id: idOf(1), reason: 'gone' });
    expect(socket.sent).toEqual([Uint8Array.of(8)]);
    said();
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.sent).toEqual([Uint8Array.of(8), '{"type":"leave"}']);
    expect(socket.closed).toEqual([1000]);
    socket.end(1000);
    await hungUp;
    engine.dispose();
    expect(channel.called.slice(1)).toEqual(['bye', 'left', 'disconnected', 'close']);
    expect([told, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('does not wait for long to say goodbye', async () => {
    const { engine, channel, connected } = await open(SEALED_CONFIG);
    const socket = connected(1);
    channel.farewell = new Promise(() => undefined);
    const hungUp = engine.hangUp(true);
    await vi.advanceTimersByTimeAsync(499);
    const texts = () => socket.sent.filter((data) => typeof data === 'string');
    expect(texts()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(texts()).toEqual(['{"type":"leave"}']);
    socket.end(1000);
    await hungUp;
  });
});
