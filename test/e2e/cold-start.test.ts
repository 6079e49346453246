/** A fleet without a task: the first room, from the page and from the SDK in Node, on the whole local stack. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Page } from 'playwright-core';
import { joinRoomOn } from '../../client/src/connect-sealed.ts';
import { nodePlatform as platform } from '../../client/src/node/platform.ts';
import type { EntryProgress } from '../../client/src/types.ts';
import { SIDEWAYS } from './expressions.ts';
import { scene, useScene, visitor } from './scene.ts';
import { PATIENCE_MS, type Visitor } from './visitor.ts';

// None is launched before somebody wants a room.
useScene({ STREAM_TASKS: '0', MAX_TASKS: '2', UPSCALE_MARGIN: '0' });

/** Stands still as soon as its process is there, and goes on when the returned function is called. */
async function nextTaskSlow(): Promise<() => Promise<void>> {
  const { stack } = scene;
  await stack.tasksMatch((tasks) => tasks.length === 1);
  const [task] = stack.tasks();
  await stack.kill(task!.task_id, 'SIGSTOP');
  return () => stack.kill(task!.task_id, 'SIGCONT');
}

/** Of somebody who says more than the page lets through nothing more is shown. */
const TYPING_MS = 250;

const heading = (page: Page) =>
  page.getByRole('heading', { name: 'A server is being started for your room' });

/** What a screen reader is told while the time that is shown becomes another. */
async function announced(page: Page): Promise<string[]> {
  const told = page.locator('[role=status]', { has: heading(page) });
  const timer = page.getByRole('timer');
  const [text, before] = [await told.textContent(), await timer.textContent()];
  await expect.poll(() => timer.textContent(), { timeout: PATIENCE_MS }).not.toBe(before);
  return [...new Set([text!, (await told.textContent())!])];
}

/** The server of their room ends, and another takes over, while they talk. */
async function isMovedUnseen(ada: Visitor, grace: Visitor): Promise<void> {
  const { stack } = scene;
  const [ends] = stack.tasks();
  const isThere = (): boolean => stack.tasks().some(({ task_id }) => task_id === ends!.task_id);
  const statuses = await Promise.all([ada, grace].map((who) => who.watchStatus()));
  const { relay } = ada;
  await stack.kill(ends!.task_id, 'SIGTERM');
  for (let n = 1; isThere(); n++) {
    await ada.say(`Still here, ${n}`);
    await grace.hear('Ada', `Still here, ${n}`);
    await sleep(TYPING_MS);
  }
  await grace.say('We never left');
  await ada.hear('Grace', 'We never left');
  expect(ada.relay).not.toBe(relay);
  expect(await Promise.all(statuses.map((told) => told()))).toEqual([['Live'], ['Live']]);
  // Whoever has no name is waited for before that is told; nobody comes twice, or leaves.
  const notices = await grace.notices();
  expect(notices).toEqual([...new Set(notices)]);
  expect(notices.filter((notice) => !notice.endsWith(' joined'))).toEqual([]);
}

describe('the first room of a fleet without a task', () => {
  it('is waited for by all who have its link until a server is up, and outlives that server unseen', async () => {
    expect(scene.stack.tasks()).toEqual([]);
    const slow = nextTaskSlow();
    const ada = await visitor('Ada');
    await ada.askForRoom();
    await heading(ada.page).waitFor();
    const goOn = await slow;
    await ada.seeFocus(heading(ada.page));
    expect(await announced(ada.page)).toEqual([
      expect.stringContaining('you are let in as soon as it is up'),
    ]);
    const link = await ada.copyLink();
    await ada.picture('starting-light');

    const grace = await visitor('Grace', { colorScheme: 'dark' });
    await grace.knock(link);
    await heading(grace.page).waitFor();
    await grace.picture('starting-dark');
    const seat = await grace.clientId();
    await grace.page.setViewportSize({ width: 360, height: 740 });
    expect(await grace.page.evaluate<number>(SIDEWAYS)).toBe(0);
    await grace.picture('starting-phone');
    await grace.page.reload();
    await heading(grace.page).waitFor();
    expect(await grace.clientId()).toBe(seat);
    await grace.page.getByRole('button', { name: 'Cancel' }).click();
    await grace.page.getByLabel('Your name').waitFor();
    await grace.page.goBack();
    await heading(grace.page).waitFor();

    const progress: EntryProgress[] = [];
    // It would ask the router itself only after this test.
    const linus = joinRoomOn({ platform, timings: { pending_poll_ms: 120_000 } }, link, {
      router: scene.stack.url,
      onProgress: (step) => progress.push(step),
    });
    onTestFinished(async () => (await linus).leave());
    await expect.poll(() => progress.length, { timeout: PATIENCE_MS }).toBe(1);
    await goOn();
    await Promise.all([ada.seeStatus('Live'), grace.seeStatus('Live'), linus]);
    expect(progress).toMatchObject([{ status: 'pending', link }, { status: 'connecting' }]);
    await Promise.all([ada.seeLock('Sealed · 3 members'), grace.seeLock('Sealed · 3 members')]);
    expect([ada.page.url(), grace.page.url(), await grace.clientId()]).toEqual([link, link, seat]);
    await ada.say('Here we are');
    await grace.hear('Ada', 'Here we are');
    await isMovedUnseen(ada, grace);
    expect((await linus).state.status).toBe('live');
  });
});
