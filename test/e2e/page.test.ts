/**
 * The page in a real browser, on the whole local stack: as the stack serves it from its sources, then as it is deployed,
 * which loads faster.
 */
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../shared/protocol/api.ts';
import { hold, holdAnswer } from './answers.ts';
import { BELOW, CURSOR, SELECTED_LENGTH, SIDEWAYS } from './expressions.ts';
import { pair, scene, useScene, visitor } from './scene.ts';
import { sealedScenes } from './sealed-scenes.ts';
import { PATIENCE_MS } from './visitor.ts';

useScene();

describe('two people', () => {
  it('meet by a link, see who is here, chat both ways and see each other point', async () => {
    const { ada, grace, room_id, link } = await pair(undefined, scene.stack.url);
    expect(link).toMatch(/#[\w-]{43}$/);
    expect(link.replace(/#.*/, '')).toBe(`${scene.stack.url}/r/${room_id}`);
    expect([ada.page.url(), grace.page.url()]).toEqual([link, link]);
    await Promise.all([ada.seeLock('Sealed · 2 members'), grace.seeLock('Sealed · 2 members')]);

    await ada.say('Hello <b>Grace</b> & welcome');
    await grace.hear('Ada', 'Hello <b>Grace</b> & welcome');
    await grace.say('Hello Ada');
    await ada.hear('Grace', 'Hello Ada');
    await ada.hear('You', 'Hello <b>Grace</b> & welcome');

    await ada.pointAt({ x: 0.25, y: 0.4 });
    await grace.seePointer('Ada', { x: 0.25, y: 0.4 });
    await grace.pointAt({ x: 0.9, y: 0.8 });
    await ada.seePointer('Grace', { x: 0.9, y: 0.8 });
    await ada.pointAt({ x: 0.6, y: 0.1 });
    await grace.seePointer('Ada', { x: 0.6, y: 0.1 });
    await Promise.all([ada.picture('room-light'), grace.picture('room-dark')]);

    await grace.page.getByRole('button', { name: 'Leave' }).click();
    await ada.seePeople('Ada');
    expect(await ada.notices()).toEqual(['You joined', 'Grace joined', 'Grace left']);
  });

  it('keep a third out of a room of two, who reads why and gets in once a seat is free', async () => {
    const { ada, grace, link } = await pair(2);
    const linus = await visitor('Linus');
    await linus.knock(link);
    await linus.see('The room is full');
    await linus.see(/All 2 seats/);
    await linus.picture('room-full');

    await grace.page.getByRole('button', { name: 'Leave' }).click();
    await ada.seePeople('Ada');
    // The relay tells the room at once, and the router a moment later, which nobody else is told.
    await expect.poll(() => linus.tryAgain(), { timeout: PATIENCE_MS, interval: 250 }).toBe(200);
    await linus.seePeople('Linus', 'Ada');
    linus.forgive(/429/);
  });

  it('go on talking after the task of their room was killed', async () => {
    const { ada, grace, room_id } = await pair();
    const before = ada.relay;
    const ids = await Promise.all([ada.clientId(), grace.clientId()]);

    const release = await Promise.all([hold(ada.page, '/join-room'), hold(grace.page, '/join-room')]);
    await scene.stack.killTaskOf(room_id);
    await Promise.all([ada.see('The connection was lost'), grace.see('The connection was lost')]);
    await grace.page.setViewportSize({ width: 360, height: 740 });
    expect(await grace.page.evaluate<number>(SIDEWAYS)).toBe(0);
    await Promise.all([ada.picture('reconnecting'), grace.picture('reconnecting-phone')]);
    await ada.say('Can you hear me?');
    await ada.see('Not sent: there is no connection.');
    release.forEach((go) => go());
    await Promise.all([ada.see('You are connected again'), grace.see('You are connected again')]);
    await Promise.all([ada.seePeople('Ada', 'Grace'), grace.seePeople('Grace', 'Ada')]);

    await ada.say('Still there?');
    await grace.hear('Ada', 'Still there?');
    await grace.say('Yes');
    await ada.hear('Grace', 'Yes');
    await grace.pointAt({ x: 0.5, y: 0.5 });
    await ada.seePointer('Grace', { x: 0.5, y: 0.5 });
    expect(ada.relay).not.toBe(before);
    expect(await Promise.all([ada.clientId(), grace.clientId()])).toEqual(ids);
    expect([await ada.people(), await grace.people()]).toEqual([
      ['Ada', 'Grace'],
      ['Grace', 'Ada'],
    ]);
    // Of a socket that nobody serves any more.
    for (const one of [ada, grace]) one.forgive(/WebSocket/);
  });
});

describe('a reload', () => {
  it('keeps the seat, in a room whose seats are all taken', async () => {
    const { ada, grace } = await pair(2);
    const id = await grace.clientId();
    await grace.page.reload();
    await grace.seeStatus('Live');
    await Promise.all([grace.seePeople('Grace', 'Ada'), ada.seePeople('Ada', 'Grace')]);
    await Promise.all([grace.seeLock('Sealed · 2 members'), ada.seeLock('Sealed · 2 members')]);
    expect(await grace.clientId()).toBe(id);
    await grace.say('Here again');
    await ada.hear('Grace', 'Here again');
  });
});

describe('two windows of one browser', () => {
  it('have a name each, which a reload does not change', async () => {
    const ada = await visitor('Ada');
    await ada.createRoom();
    const grace = await ada.anotherWindow('Grace');
    await grace.page.goto(scene.built.url);
    await grace.askFor(await ada.copyLink());
    await grace.seeStatus('Live');
    await ada.page.reload();
    await Promise.all([ada.seePeople('Ada', 'Grace'), grace.seePeople('Grace', 'Ada')]);
    expect(await ada.clientId()).not.toBe(await grace.clientId());
  });
});

describe('whoever looks elsewhere', () => {
  it('is told of new messages', async () => {
    const { ada, grace, room_id } = await pair();
    await ada.say('A long story\n'.repeat(30));
    await grace.see('A long story');
    const list = grace.page.getByRole('log');
    await list.evaluate((element: { scrollTop: number }) => (element.scrollTop = 0));
    const newer = grace.page.getByRole('button', { name: 'New messages' });
    // The browser tells the page of the scrolling with its next frame.
    await grace.page.evaluate('new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))');
    await ada.say('The end');
    await newer.click();
    await newer.waitFor({ state: 'detached' });
    expect(await grace.page.evaluate<number>(BELOW)).toBeLessThan(2);

    await grace.page.evaluate(
      `Object.defineProperty(document, 'hidden', { value: true, configurable: true })`,
    );
    await ada.say('Are you there?');
    const seeTitle = async (title: string): Promise<void> => {
      await expect.poll(() => grace.page.title(), { timeout: PATIENCE_MS }).toBe(title);
    };
    await seeTitle(`(1) Room ${room_id} · Anteroom`);
    await grace.page.evaluate(
      `delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))`,
    );
    await seeTitle(`Room ${room_id} · Anteroom`);
  });
});

describe('a browser that allows the page nothing', () => {
  it('can be used all the same', async () => {
    const ada = await visitor('Ada');
    await ada.createRoom();
    const link = await ada.copyLink();
    const linus = await visitor('Linus');
    await linus.page.addInitScript(`
      for (const storage of ['localStorage', 'sessionStorage']) {
        Object.defineProperty(window, storage, { get() { throw new DOMException('denied', 'SecurityError'); } });
      }
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('denied', 'NotAllowedError'));
    `);
    await linus.joinRoom(link);
    await Promise.all([ada.seePeople('Ada', 'Linus'), linus.seePeople('Linus', 'Ada')]);
    const field = linus.page.getByLabel('Link of the room');
    for (let attempt = 1; attempt <= 2; attempt++) {
      await linus.page.getByRole('button', { name: 'Copy link' }).click();
      await linus.seeFocus(field);
      const selected = await linus.page.evaluate<number>(SELECTED_LENGTH);
      expect(selected).toBe(link.length);
    }
  });
});

describe('the last seat', () => {
  it('is not lost to an attempt that was cancelled', async () => {
    const ada = await visitor('Ada');
    const room_id = await ada.createRoom(2);
    const link = await ada.copyLink();
    const linus = await visitor('Linus');
    await linus.page.goto(scene.built.url);
    let asked = 0;
    linus.page.on('request', (request) => {
      if (request.method() === 'POST') asked++;
    });
    const { answered, release } = await holdAnswer(linus.page, '/join-room');
    await linus.askFor(link);
    await linus.seeFocus(linus.page.getByRole('heading', { name: `Joining room ${room_id}` }));
    await linus.picture('joining');
    await answered;
    await linus.page.getByRole('button', { name: 'Cancel' }).click();
    await linus.askFor(link, 'Linus T.');
    release();
    await linus.seeStatus('Live');
    await Promise.all([ada.seePeople('Ada', 'Linus T.'), linus.seePeople('Linus T.', 'Ada')]);
    expect(asked).toBe(1);
  });
});

sealedScenes();

describe('a room that is not there', () => {
  it('is named, with a way to a new one', async () => {
    const ada = await visitor('Ada');
    const link = `${scene.built.url}/r/99999#${'A'.repeat(43)}`;
    await ada.page.goto(link);
    const name = ada.page.getByLabel('Your name');
    await name.fill('\u2800');
    await name.press('Enter');
    expect(await ada.page.evaluate<string>('document.activeElement.validationMessage')).toContain(
      'can be seen',
    );
    await ada.knock(link);
    await ada.see('There is no room 99999 (any more)');
    ada.forgive(/404/);
    await ada.page.getByRole('button', { name: 'Create a new room' }).click();
    await ada.page.getByRole('button', { name: 'Create a room' }).waitFor();
    expect(new URL(ada.page.url()).pathname).toBe('/');
  });
});

describe('a wrong ticket', () => {
  it('is closed with 4401, as a browser sees it', async () => {
    const ada = await visitor('Ada');
    await ada.page.goto(scene.built.url);
    const response = await fetch(`${scene.stack.url}/create-room`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const grant = (await response.json()) as Grant;
    const wrong = (grant.ticket.startsWith('A') ? 'B' : 'A') + grant.ticket.slice(1);
    const close = await ada.page.evaluate(
      ([url, credentials]) =>
        new Promise<{ code: number; protocol: string }>((resolve) => {
          const socket = new WebSocket(url!, ['anteroom.v1', credentials!]);
          socket.addEventListener('close', ({ code }) => resolve({ code, protocol: socket.protocol }));
        }),
      [grant.url, `${grant.room_id}.${grant.client_id}.${wrong}`],
    );
    expect(close).toEqual({ code: 4401, protocol: 'anteroom.v1' });
  });
});

describe('the page', () => {
  it('fits on a phone and follows a finger', async () => {
    const ada = await visitor('Ada');
    const name = 'Grace Brewster Murray Hopper';
    const phone = await visitor(name, {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    });
    await phone.page.goto(scene.built.url);
    await phone.page.getByLabel('Your name').waitFor();
    await phone.picture('home-phone');
    await ada.createRoom();
    await phone.joinRoom(await ada.copyLink());
    expect(await phone.page.evaluate<number>(SIDEWAYS)).toBe(0);
    await phone.drawTo({ x: 0.3, y: 0.75 });
    await ada.seePointer(name, { x: 0.3, y: 0.75 });
    await phone.say('From my phone');
    await ada.hear(name, 'From my phone');
    await phone.picture('room-phone');
    await phone.page.getByRole('button', { name: 'Leave' }).tap();
    await ada.seePeople('Ada');
  });

  it('can be used with the keyboard alone', async () => {
    const { ada, grace } = await pair();
    await ada.page.locator('.stage').focus();
    expect(await ada.page.evaluate<string>(CURSOR)).toBe('auto');
    for (const key of ['ArrowRight', 'Shift+ArrowRight', 'ArrowUp']) await ada.page.keyboard.press(key);
    await grace.seePointer('Ada', { x: 0.62, y: 0.48 });
    expect(await ada.page.evaluate<string>(CURSOR)).toBe('none');
    expect(await grace.notices()).toEqual(['You joined']);
    const draft = ada.page.getByLabel('Message, at most');
    await draft.fill('By hand');
    await ada.page.keyboard.press('Tab');
    await ada.seeFocus(ada.page.getByRole('button', { name: 'Send' }));
    await ada.page.keyboard.press('Enter');
    await grace.hear('Ada', 'By hand');
    await ada.seeFocus(draft);
    await ada.page.getByRole('button', { name: 'Leave' }).focus();
    await ada.page.keyboard.press('Enter');
    await ada.seeFocus(ada.page.getByRole('heading', { level: 1 }));
    await ada.page.getByLabel('Your name').waitFor();
    await grace.seePeople('Grace');
  });

  it('has no script of its own in its HTML when it is built, and a Content-Security-Policy', () => {
    expect(scene.built.html).toMatch(
      /http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;/,
    );
    expect(scene.built.html).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|javascript:/i);
  });
});
