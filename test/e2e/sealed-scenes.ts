/** What the encryption is to those who use the page. Part of page.test.ts, whose scene it plays in. */
import { describe, expect, it } from 'vitest';
import { refuse } from './answers.ts';
import { SIDEWAYS } from './expressions.ts';
import { pair, scene, visitor } from './scene.ts';
import { PATIENCE_MS } from './visitor.ts';

export function sealedScenes(): void {
  describe('a link that is not whole', () => {
    it('opens nothing, says what is missing, and does once it is whole, in the same tab', async () => {
      const ada = await visitor('Ada');
      const room_id = await ada.createRoom();
      const link = await ada.copyLink();
      const linus = await visitor('Linus');
      await linus.page.goto(`${scene.built.url}/r/${room_id}`);
      await linus.see('This link has no key');
      await linus.page.goto(link.slice(0, -10));
      await linus.see('This link is cut off');
      await linus.picture('link-cut');
      await linus.page.getByRole('button', { name: 'Create a room of your own' }).click();
      await linus.askFor(room_id);
      await linus.see('The number alone opens no door');
      await linus.page.goBack();
      await linus.see('This link is cut off');
      expect(linus.asked.some((request) => request.includes('/join-room'))).toBe(false);
      await linus.page.evaluate(`location.hash = ${JSON.stringify(new URL(link).hash)}`);
      await linus.page.getByRole('heading', { name: `Join room ${room_id}` }).waitFor();
      await linus.page.getByLabel('Your name').fill('Linus');
      await linus.page.keyboard.press('Enter');
      await linus.seeLock('Sealed · 2 members');
    });
  });

  describe('somebody with another key', () => {
    it('reads nothing and is shown as not sealed, until the link is put right', async () => {
      const { ada, grace, link } = await pair();
      const linus = await visitor('Linus', { colorScheme: 'dark' });
      await linus.joinRoom(link.replace(/#.*/, `#${'A'.repeat(43)}`));
      await Promise.all([linus.see('nor can they read you'), ada.seeLock(/Not all sealed · .*Guest/)]);
      await ada.say('Between the two of us');
      await grace.hear('Ada', 'Between the two of us');
      expect([await linus.notices(), await linus.messages()]).toEqual([['You joined'], []]);
      const lock = await ada.openLock();
      await ada.seeFocus(lock.getByRole('heading', { level: 2 }));
      await Promise.all([ada.picture('not-sealed'), linus.picture('stranger')]);
      await ada.page.keyboard.press('Escape');
      await ada.seeFocus(ada.page.locator('.lock'));

      await linus.page.evaluate(`location.hash = ${JSON.stringify(new URL(link).hash)}`);
      await linus.seePeople('Linus', 'Ada', 'Grace');
      await Promise.all([ada, grace, linus].map((one) => one.seeLock('Sealed · 3 members')));
      await ada.say('Hello all');
      await linus.hear('Ada', 'Hello all');
      expect(await linus.messages()).toEqual(['Hello all']);

      // The others move on without him, who is not told.
      await ada.page.getByRole('button', { name: 'Move on without Linus' }).click();
      const move = ada.page.getByRole('dialog').getByRole('button', { name: 'Move on without' });
      await refuse(ada.page, '/create-room', 'rooms_exhausted');
      await move.click();
      await ada.see('All rooms are taken');
      ada.forgive(/429/);
      await ada.picture('moving-on');
      await move.click();
      await ada.see('You moved on to this room');
      await grace.see(/Ada.? moves on to a new room without .?Linus/u);
      await grace.picture('invited');
      await grace.page.getByRole('button', { name: 'Go along' }).click();
      await Promise.all([ada.seePeople('Ada', 'Grace'), grace.seePeople('Grace', 'Ada')]);
      await Promise.all([ada.seeLock('Sealed · 2 members'), grace.seeLock('Sealed · 2 members')]);
      expect(grace.page.url()).toBe(ada.page.url());
      expect(ada.page.url()).not.toBe(link);
      await linus.seePeople('Linus');
      expect(await linus.page.getByRole('button', { name: 'Go along' }).count()).toBe(0);
      expect(linus.page.url()).toBe(link);
    });
  });

  describe('the key of a room', () => {
    it('makes the same safety number for all, another when somebody comes, and goes to no server', async () => {
      const { ada, grace, link } = await pair();
      await Promise.all([ada.openLock(), grace.openLock()]);
      const number = await ada.safetyNumber();
      expect(number).toMatch(/^\d{5}( \d{5}){5}$/);
      expect(await grace.safetyNumber()).toBe(number);
      await ada.page.getByRole('button', { name: 'Copy number' }).click();
      await ada.see('Number copied');
      expect(await ada.page.evaluate<string>('navigator.clipboard.readText()')).toBe(number);
      await Promise.all([ada.picture('safety-light'), grace.picture('safety-dark')]);
      await ada.page.setViewportSize({ width: 360, height: 740 });
      expect(await ada.page.evaluate<number>(SIDEWAYS)).toBe(0);
      await ada.picture('safety-phone');

      await grace.page.reload();
      await grace.openLock();
      const next = await grace.safetyNumber();
      expect(next).not.toBe(number);
      await expect.poll(() => ada.safetyNumber(), { timeout: PATIENCE_MS }).toBe(next);

      const secret = link.replace(/.*#/, '');
      for (const one of [ada, grace]) {
        expect(one.asked.join('\n')).not.toContain(secret);
        expect(await one.remembered()).not.toContain(secret);
      }
    });
  });
}
