/** The SDK in pages of a real Chromium, with members in Node. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { ControlDouble } from '../../support/control-double.ts';
import { eventually } from '../../support/inbox.ts';
import { allAcknowledged } from './acknowledged.ts';
import { BROWSER_ARGS, bundledSdk, INSECURE_HOST, openPage, until } from './pages.ts';
import type { Files, PageOptions } from './pages.ts';
import { inbox, joinSealed, startRelay, startRouter } from './setup.ts';

let browser: Browser;
let files: Files;

beforeAll(async () => {
  [browser, files] = await Promise.all([launchBrowser({ args: BROWSER_ARGS }), bundledSdk()]);
});
afterAll(async () => {
  await browser?.close();
});

/** What is done in a page: strings, since they are of another world. `room` and `heard` are its globals. */
const enter = (call: string): string => `(async () => {
  const room = await sdk.${call};
  globalThis.room = room;
  globalThis.heard = [];
  globalThis.states = [];
  globalThis.hints = [];
  for (const hint of ['keyframe', 'congested', 'dropped']) room.on(hint, (value) => hints.push([hint, value]));
  room.on('message', (message) => heard.push(message.text()));
  room.on('frame', (frame) => heard.push([frame.class, frame.payload.length]));
  room.on('state', ({ status }) => states.push(status));
  return room.link ?? room.room_id;
})()`;
const create = enter('createRoom({ router: `${origin}/router`, reconnect: () => 0 })');

async function pageOf(options?: PageOptions) {
  const relay = await startRelay();
  const router = await startRouter(relay.url);
  return { relay, router, ...(await openPage(browser, files, router.url, options)) };
}

const heard = (page: Page, count: number) => until(page, `heard.length >= ${count}`);
const refusal = (page: Page, call: string) =>
  page.evaluate<{ code: string; message: string }>(
    `sdk.${call}.then(() => ({}), ({ code, message }) => ({ code, message }))`,
  );

/** Both say something, and read each other. */
async function exchange(page: Page, link: string, router: string): Promise<void> {
  const bob = await joinSealed(link, { router });
  const messages = inbox(bob, 'message');
  const frames = inbox(bob, 'frame');
  await until(page, "room.security.status === 'sealed' && room.members.length === 1");
  const poses = `for (let n = 0; n < 100; n++) room.send(2, new Uint8Array(100), { stream: 1 })`;
  await page.evaluate(`${poses}; room.sendText('from the page')`);
  for (let n = 0; n < 100; n++) expect(await frames.next()).toMatchObject({ class: 2, stream: 1 });
  expect((await messages.next()).text()).toBe('from the page');
  for (let n = 0; n < 100; n++) bob.send(2, new Uint8Array(100 + n));
  bob.sendText('from Node', { to: await page.evaluate<string>('room.client_id') });
  await heard(page, 102);
  const poses_heard = Array.from({ length: 100 }, (_, n) => [2, 100 + n]);
  expect(await page.evaluate('heard.splice(0)')).toEqual([...poses_heard, [1, 9], 'from Node']);
  expect(await page.evaluate('room.safetyNumber()')).toBe(await bob.safetyNumber());
}

describe('in a page', () => {
  it('a sealed room runs in a Worker, which ends with it', async () => {
    const { page, loaded, origin, router } = await pageOf();
    const link = await page.evaluate<string>(create);
    expect(link.startsWith(`${origin}/r/00157#`)).toBe(true);
    await exchange(page, link, router.url);
    expect(page.workers()).toHaveLength(1);
    expect(loaded).toContain('worker.js');
    expect(loaded.filter((name) => /^(inline|pending|control)/.test(name))).toEqual([]);
    await until(page, 'room.bufferedAmount === 0');
    await page.evaluate('room.leave()');
    await eventually(() => page.workers().length === 0);
  });

  it.each([
    ['its policy forbids Workers', { worker_src: "'none'" }],
    ['the file of the Worker is missing', { missing: /^worker/ }],
  ])('a room goes without a Worker where %s', async (_, options) => {
    const { page, loaded, router } = await pageOf(options);
    await exchange(page, await page.evaluate<string>(create), router.url);
    expect(page.workers()).toHaveLength(0);
    expect(loaded).not.toContain('worker.js');
    expect(loaded.some((name) => name.startsWith('inline'))).toBe(true);
    await page.evaluate('room.leave()');
  });

  it('what the relay says of slow receivers reaches the page, and the relay what the Worker received', async () => {
    const { relay, page, router } = await pageOf();
    const link = await page.evaluate<string>(create);
    const peer = await relay.connections.next();
    const bob = await joinSealed(link, { router: router.url });
    const { slot } = await relay.connections.next();
    await until(page, 'room.members.length === 1');
    peer.tell({ type: 'need_keyframe', stream: 4 });
    peer.tell({ type: 'congested', level: 1, receivers: 2 });
    peer.tell({ type: 'congested', level: 4, receivers: 2 } as { type: string });
    peer.tell({ type: 'dropped', frames: [{ slot, class: 'audio', stream: 5, count: 6 }] });
    for (let n = 0; n < 50; n++) bob.send(2, new Uint8Array(n));
    await until(page, 'hints.length >= 3');
    expect(await page.evaluate('hints')).toEqual([
      ['keyframe', { stream: 4 }],
      ['congested', { level: 1, receivers: 2 }],
      ['dropped', { from: bob.client_id, class: 4, stream: 5, count: 6 }],
    ]);
    await heard(page, 50);
    expect(await allAcknowledged(peer)).toBeGreaterThan(50);
    await page.evaluate('room.leave()');
  });

  it('a room whose task is being started is waited for on the control channel', async () => {
    const { relay, page, loaded, router } = await pageOf();
    const control = await ControlDouble.start();
    onTestFinished(() => control.stop());
    router.pending = { control_url: control.url, expires_at: Date.now() + 60_000 };
    await page.evaluate(`globalThis.progress = []; globalThis.creating = sdk.createRoom({
      router: \`\${location.origin}/router\`,
      onProgress: (step) => progress.push(step),
    }).then((room) => Object.assign(globalThis, { room })); null`);
    const channel = await control.connections.next();
    expect(await channel.messages.next()).toEqual({ type: 'sync' });
    const expires_at = Date.now() + 30_000;
    channel.tell({ type: 'room.ready', room_id: '00157', url: relay.url, epoch: 2, expires_at });
    await page.evaluate('creating.then(() => null)');
    await channel.closed;
    const link = await page.evaluate<string>('room.link');
    expect(await page.evaluate('progress')).toMatchObject([
      { status: 'pending', link },
      { status: 'connecting' },
    ]);
    expect(loaded.some((name) => name.startsWith('pending'))).toBe(true);
    await page.evaluate('room.leave()');
  });

  it('a Worker that dies is replaced, and the members go on', async () => {
    const { page, router } = await pageOf();
    const link = await page.evaluate<string>(create);
    const bob = await joinSealed(link, { router: router.url });
    const messages = inbox(bob, 'message');
    await until(page, 'room.members.length === 1');
    await page.workers()[0]!.evaluate('setTimeout(() => { throw new Error("out of luck"); })');
    await until(page, "states.at(-1) === 'live'");
    await until(page, 'room.members.length === 1 && room.members[0].sealed');
    expect(page.workers()).toHaveLength(1);
    await eventually(() => bob.members.length === 1 && bob.members[0]!.sealed);
    await page.evaluate("room.sendText('with a new identity')");
    expect((await messages.next()).text()).toBe('with a new identity');
    bob.sendText('still here');
    await heard(page, 1);
    await page.evaluate('room.leave()');
  });

  it('that is not secure only unencrypted rooms can be had, and nobody is asked for others', async () => {
    const { page, router } = await pageOf({ host: INSECURE_HOST });
    expect(await refusal(page, 'createRoom({ router: `${origin}/router` })')).toMatchObject({
      code: 'not_secure',
      message: expect.stringContaining('https://'),
    });
    const link = `https://app.example/r/00157#${'A'.repeat(43)}`;
    expect(await refusal(page, `joinRoom('${link}', { router: origin })`)).toMatchObject({
      code: 'not_secure',
    });
    expect(router.seats).toBe(0);
    await page.evaluate(enter('createUnencryptedRoom({ router: `${origin}/router` })'));
    const second = await openPage(browser, files, router.url);
    await second.page.evaluate(
      enter("joinUnencryptedRoom({ router: `${origin}/router`, room_id: '00157' })"),
    );
    await until(page, 'room.members.length === 1');
    await page.evaluate("room.sendText('in clear')");
    await heard(second.page, 2);
    expect(await second.page.evaluate('heard')).toEqual([[1, 8], 'in clear']);
    expect([page.workers().length, second.page.workers().length]).toEqual([1, 1]);
  });
});
