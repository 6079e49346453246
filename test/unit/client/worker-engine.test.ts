import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AnteroomError } from '../../../client/src/errors.ts';
import type { Engine, EngineEvents } from '../../../client/src/engine/engine.ts';
import type { OutgoingFrame } from '../../../client/src/e2ee/channel.ts';
import { openWorkerEngine, WorkerUnavailable } from '../../../client/src/engine/worker-engine.ts';
import type { Frame } from '../../../client/src/types.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import {
  endpoint,
  idOf,
  listening,
  PLAIN_CONFIG,
  SEALED_CONFIG,
  SECRET,
  welcomeOf,
} from '../../support/engine-doubles.ts';
import { eventually } from '../../support/inbox.ts';
import { workerDouble } from '../../support/worker-double.ts';

/** What runs in the Worker: notes what it is told, and tells what the test wants. */
class InnerEngine implements Engine {
  readonly calls: unknown[][] = [];
  bufferedAmount = 0;
  hangingUp: Promise<void> = Promise.resolve();
  number = (): Promise<string> => Promise.resolve('1');

  connect(...values: unknown[]): void {
    this.calls.push(['connect', ...values]);
  }
  move(...values: unknown[]): void {
    this.calls.push(['move', ...values]);
  }
  send(frame: OutgoingFrame): void {
    this.calls.push(['send', frame]);
  }
  probe(): void {
    this.calls.push(['probe']);
  }
  hangUp(leaving: boolean): Promise<void> {
    this.calls.push(['hangUp', leaving]);
    return this.hangingUp;
  }
  safetyNumber(): Promise<string> {
    return this.number();
  }
  invite(to: readonly string[], ...values: unknown[]): Promise<string[]> {
    this.calls.push(['invite', to, ...values]);
    return Promise.resolve(to.slice(1));
  }
  dispose(): void {
    this.calls.push(['dispose']);
  }
}

const OUTGOING = {
  class: FRAME_CLASS.MSG,
  payload: Uint8Array.of(1, 2, 3),
  stream: 0,
  layer: 0,
  droppable: false,
  keyframe: false,
  to: undefined,
};
const KEYFRAME = { kind: 'keyframe', stream: 4 } as const;
const frame = (payload: Uint8Array): Frame => ({
  from: idOf(1),
  class: FRAME_CLASS.POSE,
  stream: 0,
  layer: 0,
  keyframe: false,
  droppable: true,
  unicast: false,
  payload,
});

async function open(config = SEALED_CONFIG) {
  const inner = new InnerEngine();
  let events!: EngineEvents;
  let opened_with: unknown;
  const worker = workerDouble((config, innerEvents) => {
    opened_with = config;
    events = innerEvents;
    return Promise.resolve(inner);
  });
  onTestFinished(() => worker.port.terminate());
  const heard = listening();
  const died = vi.fn<() => void>();
  const engine = await openWorkerEngine(worker.port, config, heard.events, died);
  return { engine, inner, events, worker, died, opened_with, told: heard.told };
}

/** The same, connected, as far as both sides know. */
async function connected() {
  const all = await open();
  all.engine.connect(endpoint());
  await eventually(() => all.inner.calls.length === 1);
  return all;
}

describe('an engine in a Worker', () => {
  it('is opened with what it is to know, and does what it is told', async () => {
    const { engine, inner, opened_with } = await open();
    expect(opened_with).toEqual(SEALED_CONFIG);
    // A grant: more than the Worker is to know.
    engine.connect(Object.assign(endpoint(), { epoch: 3 }));
    engine.move(Object.assign(endpoint('ws://there'), { epoch: 4 }));
    engine.send(OUTGOING);
    engine.probe();
    expect(await engine.safetyNumber()).toBe('1');
    expect(await engine.invite([idOf(1), idOf(2)], '00158', SECRET)).toEqual([idOf(2)]);
    await engine.hangUp(false);
    await engine.hangUp(false);
    engine.move(endpoint('ws://nowhere'));
    expect(inner.calls).toEqual([
      ['connect', endpoint()],
      ['move', endpoint('ws://there')],
      ['send', OUTGOING],
      ['probe'],
      ['invite', [idOf(1), idOf(2)], '00158', SECRET],
      ['hangUp', false],
    ]);
  });

  it('tells all that happens, in its order', async () => {
    const { events, told } = await connected();
    const peer = { type: 'joined', slot: 1, client_id: idOf(1) } as const;
    const standing = { sealed: [idOf(1)], securing: [], unsealed: [], disagreeing: [] };
    const trouble = { kind: 'not_sent', to: undefined, why: 'x' } as const;
    const move = { from: idOf(1), room_id: '00158', secret: SECRET };
    events.securing(welcomeOf(1));
    events.standing(standing);
    events.welcome(welcomeOf(1));
    events.peer(peer);
    events.frame(frame(Uint8Array.of(5)));
    events.trouble(trouble);
    events.fault('odd', undefined);
    events.hint(KEYFRAME);
    events.move(move);
    events.moved('ws://there');
    events.strayed(4401, 'unknown');
    events.arrived(welcomeOf(1));
    events.reopening(1006, '');
    events.closed(4503, 'moved');
    await eventually(() => told.length === 14);
    expect(told).toEqual([
      ['securing', welcomeOf(1)],
      ['standing', standing],
      ['welcome', welcomeOf(1)],
      ['peer', peer],
      ['frame', frame(Uint8Array.of(5))],
      ['trouble', trouble],
      ['fault', 'odd', undefined],
      ['hint', KEYFRAME],
      ['move', move],
      ['moved', 'ws://there'],
      ['strayed', 4401, 'unknown'],
      ['arrived', welcomeOf(1)],
      ['reopening', 1006, ''],
      ['closed', 4503, 'moved'],
    ]);
  });

  it('hands payloads over without a copy; what the page sends is copied, and stays its own', async () => {
    const { engine, inner, events, told } = await connected();
    const payload = new Uint8Array(64).fill(9).subarray(6);
    events.frame(frame(payload));
    expect(payload.length).toBe(0);
    await eventually(() => told.length === 1);
    const shown = (told[0]![1] as Frame).payload;
    expect([shown.byteOffset, shown.length, shown[0]]).toEqual([6, 58, 9]);

    const large = new Uint8Array(1_000);
    engine.send({ ...OUTGOING, payload: large.subarray(500, 503) });
    large.fill(1);
    await eventually(() => inner.calls.length === 2);
    const taken = (inner.calls[1]![1] as OutgoingFrame).payload;
    expect([taken, taken.buffer.byteLength]).toEqual([new Uint8Array(3), 3]);
  });

  it('knows how much waits: what the Worker has not taken yet, and what waits in its socket', async () => {
    const { engine, inner } = await connected();
    engine.send(OUTGOING);
    engine.send(OUTGOING);
    expect(engine.bufferedAmount).toBe(6);
    inner.bufferedAmount = 100;
    await eventually(() => engine.bufferedAmount === 100);
    inner.bufferedAmount = 0;
    await eventually(() => engine.bufferedAmount === 0);
  });

  it('is not heard of a connection that is over, or that there is another after', async () => {
    const { engine, inner, events, told } = await connected();
    events.welcome(welcomeOf());
    events.closed(1006, '');
    events.dead();
    events.moved('ws://there');
    await eventually(() => told.length === 2);
    engine.connect(endpoint());
    events.closed(1006, 'of the first');
    events.hint(KEYFRAME);
    events.frame(frame(Uint8Array.of(1)));
    await eventually(() => inner.calls.length === 2 && told.length === 3);
    events.welcome(welcomeOf());
    await eventually(() => told.length === 4);
    const hungUp = engine.hangUp(false);
    events.closed(1006, 'late');
    events.frame(frame(Uint8Array.of(2)));
    await hungUp;
    expect(told.map(([name]) => name)).toEqual(['welcome', 'closed', 'frame', 'welcome', 'frame']);
  });

  it('tells nothing any more while it leaves, and ends with what it holds overwritten', async () => {
    const { engine, inner, events, worker, told } = await connected();
    let hungUp = (): void => undefined;
    inner.hangingUp = new Promise((resolve) => {
      hungUp = resolve;
    });
    const leaving = engine.hangUp(true);
    await eventually(() => inner.calls.length === 2);
    events.frame(frame(Uint8Array.of(1)));
    events.closed(1000, '');
    hungUp();
    await leaving;
    engine.dispose();
    await eventually(() => worker.ended);
    expect(inner.calls.slice(1)).toEqual([['hangUp', true], ['dispose']]);
    expect(told).toEqual([]);
  });

  it('passes on why a call failed', async () => {
    const { engine, inner } = await open();
    inner.number = () => Promise.reject(new AnteroomError('closed', 'no more'));
    await expect(engine.safetyNumber()).rejects.toMatchObject({ code: 'closed', message: 'no more' });
    inner.number = () => Promise.reject(new TypeError('a fault'));
    await expect(engine.safetyNumber()).rejects.toMatchObject({ code: 'protocol', message: 'a fault' });
  });

  it('does not wait for a Worker that never answers that it hung up', async () => {
    const { engine, inner } = await connected();
    inner.hangingUp = new Promise(() => undefined);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const hungUp = engine.hangUp(true);
    vi.advanceTimersByTime(PLAIN_CONFIG.close_timeout_ms + 1_000);
    await expect(hungUp).resolves.toBeUndefined();
  });
});

describe('a Worker that fails', () => {
  it('closes the connection that it had, ends its calls, and is ended', async () => {
    const { engine, worker, died, inner, told, events } = await connected();
    inner.number = () => new Promise(() => undefined);
    const asked = engine.safetyNumber();
    worker.fail('out of luck');
    await expect(asked).rejects.toMatchObject({ code: 'closed' });
    events.moved('ws://there');
    expect(told).toEqual([['closed', 1006, 'The Worker of the room failed: out of luck']]);
    expect([died.mock.calls.length, worker.ended, engine.bufferedAmount]).toEqual([1, true, 0]);
  });

  it('while there is no connection closes none', async () => {
    const { worker, died, told } = await open();
    worker.fail('out of luck');
    expect([told, died.mock.calls.length]).toEqual([[], 1]);
  });

  it('before it is open cannot be had', async () => {
    const worker = workerDouble(undefined);
    const opening = openWorkerEngine(worker.port, PLAIN_CONFIG, listening().events, () => undefined);
    worker.fail('its file could not be loaded');
    await expect(opening).rejects.toBeInstanceOf(WorkerUnavailable);
    expect(worker.ended).toBe(true);
  });

  it('to open in time cannot be had', async () => {
    const worker = workerDouble(undefined);
    const { events } = listening();
    await expect(
      openWorkerEngine(worker.port, PLAIN_CONFIG, events, () => undefined, 10),
    ).rejects.toMatchObject({ name: 'WorkerUnavailable', message: 'it did not start within 10 ms' });
    expect(worker.ended).toBe(true);
  });

  it('to give a sealed room says so itself', async () => {
    const refusal = new AnteroomError('not_secure', 'no WebCrypto');
    const worker = workerDouble(() => Promise.reject(refusal));
    await expect(
      openWorkerEngine(worker.port, SEALED_CONFIG, listening().events, () => undefined),
    ).rejects.toMatchObject({ code: 'not_secure', message: 'no WebCrypto' });
    expect(worker.ended).toBe(true);
  });
});
