/** The browser build's platform on Node's own global WebSocket, which is the same interface. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { browserPlatform } from '../../../client/src/browser.ts';
import { createUnencryptedRoom, joinUnencryptedRoom } from '../../../client/src/index.ts';
import { inbox, startRelay, startRouter } from './setup.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the SDK in browsers', () => {
  it('talks, resumes and leaves', async () => {
    const relay = await startRelay();
    const router = await startRouter(relay.url);
    const ann = await createUnencryptedRoom({ router: router.url, reconnect: () => 0 });
    const joined = inbox(ann, 'joined');
    const bob = await joinUnencryptedRoom({ router: router.url, room_id: ann.room_id });
    const peers = [await relay.connections.next(), await relay.connections.next()];
    await joined.next();
    const messages = inbox(bob, 'message');
    expect(ann.sendText('hello', { to: bob.client_id })).toBe(true);
    expect((await messages.next()).text()).toBe('hello');

    const states = inbox(ann, 'state');
    const back = inbox(bob, 'joined');
    peers[0]!.socket.close(4503, 'draining');
    await states.nextThat((state) => state.status === 'live');
    await back.next();
    expect(ann.sendText('again')).toBe(true);
    expect((await messages.next()).text()).toBe('again');

    await bob.leave();
    expect(await peers[1]!.controls.next()).toEqual({ type: 'leave' });
    expect(await peers[1]!.closed).toBe(1000);
    await ann.leave();
    expect(ann.bufferedAmount).toBe(0);
  });

  it('reports an address that the platform refuses as a connection that failed', async () => {
    const relay = await startRelay();
    const router = await startRouter(relay.url);
    function Refusing(): never {
      throw new DOMException('Mixed content', 'SecurityError');
    }
    vi.stubGlobal('WebSocket', Refusing);
    await expect(createUnencryptedRoom({ router: router.url, reconnect: () => null })).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('Mixed content'),
    });
  });
});

describe('the source of random numbers', () => {
  it('fills all bytes, others each time', () => {
    const draw = (): string => {
      const bytes = new Uint8Array(16);
      browserPlatform.fillRandom(bytes);
      return bytes.join();
    };
    expect(draw()).not.toBe(draw());
    expect(Array.from({ length: 20 }, draw).some((drawn) => drawn.endsWith(',0,0,0,0'))).toBe(false);
  });
});

describe('waking', () => {
  it('is a page that is seen again, or a network that is back, until it is stopped', () => {
    const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
    const window = new EventTarget();
    vi.stubGlobal('document', document);
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
    const woke = vi.fn<() => void>();
    const stop = browserPlatform.onWake(woke);
    document.dispatchEvent(new Event('visibilitychange'));
    expect(woke).not.toHaveBeenCalled();
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('online'));
    expect(woke).toHaveBeenCalledTimes(2);
    stop();
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('online'));
    expect(woke).toHaveBeenCalledTimes(2);
  });

  it('is nothing where there is no page', () => {
    expect(() => browserPlatform.onWake(() => undefined)()).not.toThrow();
    expect(browserPlatform.isSecurePage()).toBe(false);
  });

  it('knows a secure page', () => {
    vi.stubGlobal('location', { protocol: 'https:' });
    expect(browserPlatform.isSecurePage()).toBe(true);
  });
});
