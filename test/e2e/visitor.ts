/** Somebody at a browser of their own, who does and reads what a person does and reads. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { WATCH_STATUS } from './expressions.ts';

const PICTURES = join(import.meta.dirname, '../../test-results');

/** Whatever the page does takes less than this, ms. */
export const PATIENCE_MS = 20_000;

export interface Place {
  x: number;
  y: number;
}

export class Visitor {
  readonly page: Page;
  readonly name: string;
  /** What went wrong in the page: uncaught errors, and what the browser complained of on its console. */
  complaints: string[] = [];
  /** Address of the newest socket to a relay. */
  relay = '';
  /** What the page asked of servers over HTTP: address, headers and body. */
  readonly asked: string[] = [];
  readonly #context: BrowserContext;
  readonly #home: string;

  private constructor(context: BrowserContext, page: Page, home: string, name: string) {
    this.#context = context;
    this.#home = home;
    this.page = page;
    this.name = name;
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('request', (request) => {
      this.asked.push([request.url(), JSON.stringify(request.headers()), request.postData()].join('\n'));
    });
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== new URL(home).host) this.relay = socket.url();
    });
  }

  /** A window of its own, with nothing remembered, for the page at `home`. */
  static async arrive(
    browser: Browser,
    home: string,
    name: string,
    options: BrowserContextOptions = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({
      viewport: { width: 1_100, height: 720 },
      permissions: ['clipboard-read', 'clipboard-write'],
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Visitor(context, await context.newPage(), home, name);
  }

  /** Another window of the same browser, for somebody else. */
  async anotherWindow(name: string): Promise<Visitor> {
    return new Visitor(this.#context, await this.#context.newPage(), this.#home, name);
  }

  /** Drops the complaints that are to be expected, such as the browser's own of an answer 429. */
  forgive(pattern: RegExp): void {
    this.complaints = this.complaints.filter((complaint) => !pattern.test(complaint));
  }

  async goAway(): Promise<void> {
    await this.#context.close();
  }

  /** Asks for a room on the start page. */
  async askForRoom(seats?: number): Promise<void> {
    await this.page.goto(this.#home);
    await this.page.getByLabel('Your name').fill(this.name);
    if (seats !== undefined) await this.page.getByLabel('Seats').fill(String(seats));
    await this.page.getByRole('button', { name: 'Create a room' }).click();
  }

  /** Creates a room on the start page; returns the room id. */
  async createRoom(seats?: number): Promise<string> {
    await this.askForRoom(seats);
    await this.seeStatus('Live');
    return new URL(this.page.url()).pathname.replace('/r/', '');
  }

  /** Asks once more to be let in; returns the status of the router's answer. */
  async tryAgain(): Promise<number> {
    const [answer] = await Promise.all([
      this.page.waitForResponse('**/join-room'),
      this.page.getByRole('button', { name: 'Try again' }).click(),
    ]);
    return answer.status();
  }

  /** Opens the link of a room and asks to be let in. */
  async knock(link: string): Promise<void> {
    await this.page.goto(link);
    await this.page.getByLabel('Your name').fill(this.name);
    await this.page.getByRole('button', { name: 'Join', exact: true }).click();
  }

  /** Fills in the start page with the link of a room, and presses Enter. */
  async askFor(invite: string, name = this.name): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByLabel('Link of the room').fill(invite);
    await this.page.keyboard.press('Enter');
  }

  async joinRoom(link: string): Promise<void> {
    await this.knock(link);
    await this.seeStatus('Live');
  }

  /** Copies the link of the room; returns what is in the clipboard then. */
  async copyLink(): Promise<string> {
    await this.page.getByRole('button', { name: 'Copy link' }).click();
    await this.page.getByRole('button', { name: 'Link copied' }).waitFor();
    return this.page.evaluate<string>('navigator.clipboard.readText()');
  }

  async seeStatus(text: string): Promise<void> {
    await this.page.locator('.status', { hasText: text }).waitFor();
  }

  /** From now on: what the status of the connection has said, each once, when it is asked for. */
  async watchStatus(): Promise<() => Promise<string[]>> {
    await this.page.evaluate(WATCH_STATUS);
    return () => this.page.evaluate<string[]>('[...statuses]');
  }

  /** Waits until the lock of the room says this. */
  async seeLock(text: string | RegExp): Promise<void> {
    await this.page.locator('.lock', { hasText: text }).waitFor();
  }

  /** Opens the lock of the room. */
  async openLock(): Promise<Locator> {
    await this.page.locator('.lock').click();
    return this.page.getByRole('dialog');
  }

  /** The safety number, once it is shown. The lock is open. */
  async safetyNumber(): Promise<string> {
    const digits = await this.page.locator('.safety-digits').textContent();
    return digits!.trim();
  }

  async see(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel('Message, at most').fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Waits until the chat shows that `name` said `text`, word for word. */
  async hear(name: string, text: string): Promise<void> {
    await this.page
      .getByRole('log')
      .locator('.message', { has: this.page.locator('.message-name').getByText(name, { exact: true }) })
      .locator('.message-text')
      .getByText(text, { exact: true })
      .waitFor();
  }

  /** Waits until exactly `names` are here, oneself first, none of them away. */
  async seePeople(...names: string[]): Promise<void> {
    const people = this.page.locator('.person');
    for (const [index, name] of names.entries()) {
      await people
        .nth(index)
        .and(this.page.locator(':not(.away)'))
        .getByText(name, { exact: true })
        .waitFor();
    }
    await people.nth(names.length).waitFor({ state: 'detached' });
  }

  /** Names in the list of people, as they are now. */
  people(): Promise<string[]> {
    return this.page.locator('.person-name').allTextContents();
  }

  /** The notices of the chat, as they are now. */
  notices(): Promise<string[]> {
    return this.page.locator('.notice').allTextContents();
  }

  /** What was said, as the chat shows it now. */
  messages(): Promise<string[]> {
    return this.page.locator('.message-text').allTextContents();
  }

  /** Moves the pointer to `place` of the shared area (shares of its width and height), over a few steps. */
  async pointAt(place: Place): Promise<void> {
    const area = await boxOf(this.page.locator('.stage'));
    await this.page.mouse.move(area.x + place.x * area.width, area.y + place.y * area.height, { steps: 4 });
  }

  /** Puts a finger on the middle of the shared area and draws it to `place`, where it stays. */
  async drawTo(place: Place): Promise<void> {
    const area = await boxOf(this.page.locator('.stage'));
    const session = await this.#context.newCDPSession(this.page);
    const finger = (x: number, y: number) => ({
      touchPoints: [{ x: area.x + x * area.width, y: area.y + y * area.height }],
    });
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', ...finger(0.5, 0.5) });
    await session.send('Input.dispatchTouchEvent', { type: 'touchMove', ...finger(place.x, place.y) });
  }

  /** Waits until the pointer of `name` shows within a pixel of `place`; rejects with where it is instead. */
  async seePointer(name: string, place: Place): Promise<void> {
    const mark = this.page.locator('.mark.shown', { hasText: name });
    await mark.waitFor();
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const [area, shown] = [await boxOf(this.page.locator('.stage')), await boxOf(mark)];
      const off = {
        x: shown.x - area.x - place.x * area.width,
        y: shown.y - area.y - place.y * area.height,
      };
      // The area has a border of one pixel, within which the marks are.
      if (Math.abs(off.x) <= 2 && Math.abs(off.y) <= 2) return;
      if (performance.now() > deadline) throw new Error(`the pointer is ${off.x}, ${off.y} pixels off`);
      await this.page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))');
    }
  }

  /** Waits until the focus is on `target`. */
  async seeFocus(target: Locator): Promise<void> {
    await target.and(this.page.locator(':focus')).waitFor();
  }

  /** The client id of the seat that this tab holds. */
  async clientId(): Promise<string> {
    const stay = await this.page.evaluate<string | null>("sessionStorage.getItem('anteroom.stay')");
    return (JSON.parse(stay!) as { seat: { client_id: string } }).seat.client_id;
  }

  /** All that the page remembers beyond this view, and shows in the title of its window. */
  remembered(): Promise<string> {
    return this.page.evaluate<string>('JSON.stringify([localStorage, sessionStorage, document.title])');
  }

  /** Keeps a picture of the window in test-results. */
  async picture(name: string): Promise<void> {
    await mkdir(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`), animations: 'disabled' });
  }
}

/** One creates a room and sends the other the link; resolves once they see each other there. */
export async function meet(
  host: Visitor,
  guest: Visitor,
  seats?: number,
): Promise<{ room_id: string; link: string }> {
  const room_id = await host.createRoom(seats);
  const link = await host.copyLink();
  await guest.joinRoom(link);
  await Promise.all([host.seePeople(host.name, guest.name), guest.seePeople(guest.name, host.name)]);
  return { room_id, link };
}

async function boxOf(locator: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('not on the page');
  return box;
}
