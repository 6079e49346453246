/** What it costs a page of Chromium to receive the poses of a whole room. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { CDPSession } from 'playwright-core';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { FRAME_CLASS } from '../../../client/src/node/index.ts';
import type { Room, SealedRoom } from '../../../client/src/node/index.ts';
import { HEADER_BYTES } from '../../../shared/protocol/frame.ts';
import { startChromium } from '../../../test/support/chromium/scenario.ts';
import type { Chromium, ChromiumModule } from '../../../test/support/chromium/scenario.ts';
import { startSmallRouter } from '../../../test/support/small-router.ts';
import { startWholeTask } from '../../../test/support/whole-task.ts';
import { rendererCpuMs } from '../renderer-cpu.ts';
import { spreadOf } from '../../spread.ts';
import type { Spread } from '../../spread.ts';
import type * as bare from './bare.ts';
import { startBeat } from './beat.ts';
import type * as page from './page.ts';
import type { AskRouter, Received } from './page.ts';
import { POSE_BYTES, poseOf } from './pose.ts';
import { enterAll } from './senders.ts';

export interface ReceivingPlan {
  senders: number;
  rounds: number;
  /** How long poses come in a round, ms. */
  ms: number;
}

/** CPU time of the renderer process, of a core: 10 is a tenth of one. */
export interface ReceivingResult {
  /** `bare`: no SDK, only a WebSocket in a Worker that gets as many messages of as many bytes as the sealed room. */
  kind: 'bare' | 'unencrypted' | 'sealed';
  senders: number;
  /** While nothing comes but signs of life. */
  idle_percent: number;
  poses_percent: Spread;
  /** That arrived. */
  poses_per_second: Spread;
}

/** What is measured: something in a page that receives poses. */
interface Receiver {
  /** Sends it a pose. */
  send(sender: number, number: number): void;
  /** What came since the last call. Rejects if it is not what was sent. */
  received(): Promise<Received>;
}

const PAGE = new URL('./page.ts', import.meta.url);
const BARE = new URL('./bare.ts', import.meta.url);
const PATIENCE_MS = 60_000;
/** In the first of them code is compiled. */
const WARM_UP_MS = 2_000;
const SETTINGS = {
  PUBLIC_ADDRESS: '127.0.0.1',
  ROOM_CAPACITY: '64',
  MAX_CLIENTS: '64',
  ALLOWED_ORIGINS: '*',
  MAX_SOCKETS_PER_ADDRESS: '100',
};

/** What sealing adds to a pose: a header of SFrame with a CTR of three bytes, and the tag. */
const SEAL_BYTES = 4 + 16;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const askRouter: AskRouter = async (url, headers, body) => {
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, body: await response.text() };
};

/** The CPU time that the renderer takes during `work`, percent of a core. */
async function percentDuring(session: CDPSession, work: () => Promise<void>): Promise<number> {
  const [cpu, wall] = [await rendererCpuMs(session), performance.now()];
  await work();
  return (100 * ((await rendererCpuMs(session)) - cpu)) / (performance.now() - wall);
}

async function untilAllRead(module: ChromiumModule<typeof page>, rooms: readonly Room[]): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const all = rooms.length;
  const isReady = async (): Promise<boolean> =>
    (await module.call('members')) === all && rooms.every(({ members }) => members.length === all);
  while (!(await isReady())) {
    if (performance.now() > end) throw new Error(`the page does not read all ${all} others`);
    await pause(100);
  }
}

async function measure(
  session: CDPSession,
  plan: ReceivingPlan,
  kind: ReceivingResult['kind'],
  receiver: Receiver,
): Promise<ReceivingResult> {
  const idle_percent = await percentDuring(session, () => pause(plan.ms));
  const percents: number[] = [];
  const rates: number[] = [];
  const beat = startBeat(plan.senders, (sender, number) => receiver.send(sender, number));
  try {
    await pause(WARM_UP_MS);
    for (let round = 0; round < plan.rounds; round++) {
      await receiver.received();
      percents.push(await percentDuring(session, () => pause(plan.ms)));
      const { poses, senders } = await receiver.received();
      if (senders !== plan.senders) throw new Error(`poses came from ${senders} of ${plan.senders} senders`);
      rates.push((1_000 * poses) / plan.ms);
    }
  } finally {
    beat.stop();
  }
  return {
    kind,
    senders: plan.senders,
    idle_percent,
    poses_percent: spreadOf(percents),
    poses_per_second: spreadOf(rates),
  };
}

async function measureRoom(
  chromium: Chromium,
  session: CDPSession,
  plan: ReceivingPlan,
  router: string,
  kind: 'unencrypted' | 'sealed',
): Promise<ReceivingResult> {
  const rooms = await enterAll(router, plan.senders, kind === 'sealed');
  const module = await chromium.open<typeof page>(PAGE);
  try {
    await module.page.exposeFunction('askRouter', askRouter);
    const [first] = rooms as [Room];
    const target = kind === 'sealed' ? { link: (first as SealedRoom).link } : { room_id: first.room_id };
    const to = await module.call('enter', target, router);
    await untilAllRead(module, rooms);
    const result = await measure(session, plan, kind, {
      send: (sender, number) =>
        void rooms[sender]!.send(FRAME_CLASS.POSE, poseOf(number), { to, droppable: true }),
      received: () => module.call('received'),
    });
    await module.call('leave');
    return result;
  } finally {
    await module.close();
    await Promise.all(rooms.map((room) => room.leave()));
  }
}

async function measureBare(
  chromium: Chromium,
  session: CDPSession,
  plan: ReceivingPlan,
): Promise<ReceivingResult> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const module = await chromium.open<typeof bare>(BARE, 'worker');
  try {
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const { port } = server.address() as AddressInfo;
    await module.call('open', `ws://127.0.0.1:${port}`);
    const [socket] = await connected;
    const frame = new Uint8Array(HEADER_BYTES + POSE_BYTES + SEAL_BYTES);
    return await measure(session, plan, 'bare', {
      send: () => socket.send(frame),
      received: async () => ({ poses: await module.call('received'), senders: plan.senders }),
    });
  } finally {
    await module.close();
    for (const socket of server.clients) socket.terminate();
    server.close();
  }
}

export async function measureReceiving(
  plan: ReceivingPlan,
  progress: (line: string) => void,
): Promise<ReceivingResult[]> {
  await using router = await startSmallRouter(SETTINGS);
  await using running = await startWholeTask(router, { env: SETTINGS });
  await running.task.registered;
  const chromium = await startChromium();
  try {
    const session = await chromium.browser.newBrowserCDPSession();
    progress('Chromium: a bare WebSocket');
    const results = [await measureBare(chromium, session, plan)];
    for (const kind of ['unencrypted', 'sealed'] as const) {
      progress(`Chromium: ${plan.senders} senders, ${kind}`);
      results.push(await measureRoom(chromium, session, plan, router.url, kind));
    }
    return results;
  } finally {
    await chromium.close();
  }
}
