import { describe, expect, it } from 'vitest';
import { AnteroomError } from '../../../client/src/errors.ts';
import { pageEngines } from '../../../client/src/engine/browser-engine.ts';
import { inlineEngines } from '../../../client/src/engine/inline-engine.ts';
import {
  endpoint,
  FakeChannel,
  fakeSockets,
  listening,
  SEALED_CONFIG,
  welcomeOf,
} from '../../support/engine-doubles.ts';
import { eventually } from '../../support/inbox.ts';
import { workerDouble } from '../../support/worker-double.ts';
import type { WorkerDouble } from '../../support/worker-double.ts';

/** A page whose Workers run on fakes; `none`: Workers cannot be had from the `none`th on. */
function page({ none = Infinity, loadable = true }: { none?: number; loadable?: boolean } = {}) {
  const { sockets, openSocket } = fakeSockets();
  const workers: WorkerDouble[] = [];
  const open = inlineEngines({
    openSocket,
    openChannel: (_sealing, events) => Promise.resolve(new FakeChannel(events)),
    clock: () => performance.now(),
  });
  let inline = 0;
  const { events, told } = listening();
  const opening = () =>
    pageEngines({
      startWorker() {
        if (workers.length + 1 >= none) throw new Error('blocked by a policy');
        workers.push(workerDouble(open));
        return workers.at(-1)!.port;
      },
      loadInline() {
        if (!loadable) return Promise.reject(new AnteroomError('network', 'not loaded'));
        inline++;
        return Promise.resolve(open);
      },
    })(SEALED_CONFIG, events);
  return { opening, workers, sockets, told, inlines: () => inline };
}

describe('the engine of a page', () => {
  it('runs in a Worker, and loads nothing else', async () => {
    const { opening, workers, sockets, told, inlines } = page();
    const engine = await opening();
    engine.connect(endpoint());
    await eventually(() => sockets.length === 1);
    sockets[0]!.tell(welcomeOf());
    await eventually(() => told.length === 1);
    expect([told[0]![0], workers.length, inlines()]).toEqual(['securing', 1, 0]);
    engine.dispose();
    await eventually(() => workers[0]!.ended);
  });

  it('runs inline where no Worker can be had', async () => {
    const { opening, sockets, told, inlines } = page({ none: 1 });
    const engine = await opening();
    engine.connect(endpoint());
    sockets[0]!.tell(welcomeOf());
    expect([told[0]![0], inlines()]).toEqual(['securing', 1]);
    engine.dispose();
  });

  it('cannot be had where neither is', async () => {
    await expect(page({ none: 1, loadable: false }).opening()).rejects.toMatchObject({ code: 'network' });
  });

  it.each([
    ['another Worker', Infinity],
    ['one inline', 2],
  ])('is replaced by %s when its Worker dies, and told to be closed', async (_, none) => {
    const { opening, workers, sockets, told } = page({ none });
    const engine = await opening();
    engine.connect(endpoint());
    await eventually(() => sockets.length === 1);
    sockets[0]!.end(1006);
    await eventually(() => told.length === 1);
    engine.connect(endpoint());
    workers[0]!.fail('out of luck');
    expect(told.slice(1)).toEqual([['closed', 1006, 'The Worker of the room failed: out of luck']]);
    expect(engine.bufferedAmount).toBe(0);
    await expect(engine.safetyNumber()).rejects.toMatchObject({ code: 'closed', retryable: true });

    engine.connect(endpoint('ws://second'));
    engine.connect(endpoint('ws://third'));
    await eventually(() => sockets.at(-1)?.url === 'ws://third');
    sockets.at(-1)!.tell(welcomeOf());
    await eventually(() => told.length === 3);
    expect(told[2]![0]).toBe('securing');
    engine.dispose();
  });

  it('is not replaced for who hung up meanwhile', async () => {
    const { opening, workers, sockets } = page();
    const engine = await opening();
    workers[0]!.fail('out of luck');
    engine.connect(endpoint('ws://second'));
    await engine.hangUp(false);
    engine.connect(endpoint('ws://third'));
    await engine.hangUp(true);
    engine.dispose();
    await eventually(() => workers.length === 2 && workers[1]!.ended);
    expect(sockets).toEqual([]);
  });

  it('is told to be closed where it cannot be replaced', async () => {
    const { opening, workers, told } = page({ none: 2, loadable: false });
    const engine = await opening();
    workers[0]!.fail('out of luck');
    engine.connect(endpoint());
    await eventually(() => told.length === 1);
    expect(told).toEqual([['closed', 1006, 'not loaded']]);
    engine.dispose();
  });
});
