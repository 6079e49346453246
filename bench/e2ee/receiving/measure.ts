/** What it costs a page of Chromium to receive the poses of a whole room. */
import type { CDPSession } from 'playwright-core';
import { startChromium } from '../../../test/support/chromium/scenario.ts';
import type { Chromium, ChromiumModule } from '../../../test/support/chromium/scenario.ts';
import { startSmallRouter } from '../../../test/support/small-router.ts';
import { startWholeTask } from '../../../test/support/whole-task.ts';
import type { Room, SealedRoom } from '../../../client/src/node/index.ts';
import { rendererCpuMs } from '../renderer-cpu.ts';
import { spreadOf } from '../spread.ts';
import type { Spread } from '../spread.ts';
import type * as page from './page.ts';
import type { AskRouter } from './page.ts';
import { enterAll, sendPoses } from './senders.ts';

export interface ReceivingPlan {
  senders: number;
  rounds: number;
  /** How long poses come in a round, ms. */
  ms: number;
}

/** CPU time of the renderer process, of a core: 10 is a tenth of one. */
export interface ReceivingResult {
  is_sealed: boolean;
  senders: number;
  /** While nothing comes but signs of life. */
  idle_percent: number;
  poses_percent: Spread;
  /** That arrived. */
  poses_per_second: Spread;
}

const ENTRY = new URL('./page.ts', import.meta.url);
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

async function measureRoom(
  chromium: Chromium,
  router: string,
  plan: ReceivingPlan,
  is_sealed: boolean,
): Promise<ReceivingResult> {
  const rooms = await enterAll(router, plan.senders, is_sealed);
  const module = await chromium.open<typeof page>(ENTRY);
  try {
    await module.page.exposeFunction('askRouter', askRouter);
    const [first] = rooms as [Room];
    const target = is_sealed ? { link: (first as SealedRoom).link } : { room_id: first.room_id };
    const to = await module.call('enter', target, router);
    await untilAllRead(module, rooms);
    const session = await chromium.browser.newBrowserCDPSession();
    const idle_percent = await percentDuring(session, () => pause(plan.ms));
    const percents: number[] = [];
    const rates: number[] = [];
    const poses = sendPoses(rooms, to);
    await pause(WARM_UP_MS);
    for (let round = 0; round < plan.rounds; round++) {
      await module.call('received');
      percents.push(await percentDuring(session, () => pause(plan.ms)));
      const { poses: came, senders } = await module.call('received');
      if (senders !== plan.senders) throw new Error(`poses came from ${senders} of ${plan.senders} senders`);
      rates.push((1_000 * came) / plan.ms);
    }
    poses.stop();
    await module.call('leave');
    return {
      is_sealed,
      senders: plan.senders,
      idle_percent,
      poses_percent: spreadOf(percents),
      poses_per_second: spreadOf(rates),
    };
  } finally {
    await module.close();
    await Promise.all(rooms.map((room) => room.leave()));
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
    const results: ReceivingResult[] = [];
    for (const is_sealed of [false, true]) {
      progress(`Chromium: ${plan.senders} senders in ${is_sealed ? 'a sealed' : 'an unencrypted'} room`);
      results.push(await measureRoom(chromium, router.url, plan, is_sealed));
    }
    return results;
  } finally {
    await chromium.close();
  }
}
