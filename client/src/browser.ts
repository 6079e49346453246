import { openBrowserSocket } from './browser-socket.ts';
import { openBrowserEngine } from './engine/browser-engine.ts';
import type { Platform } from './platform.ts';

/** What only browsers have; looked up late, since the module may be imported where none of it exists. */
interface BrowserGlobals {
  document?: EventTarget & { readonly visibilityState: string };
  location?: { readonly protocol: string; readonly href: string };
  crypto?: { readonly subtle?: unknown };
  addEventListener?: EventTarget['addEventListener'];
  removeEventListener?: EventTarget['removeEventListener'];
}

const globals = globalThis as BrowserGlobals;

/** Browsers, and whatever else has a global `WebSocket`. */
export const browserPlatform: Platform = {
  openEngine: openBrowserEngine,
  openSocket: openBrowserSocket,

  onWake(listener) {
    const { document } = globals;
    const seen = (): void => {
      if (document?.visibilityState === 'visible') listener();
    };
    document?.addEventListener('visibilitychange', seen);
    globals.addEventListener?.('online', listener);
    return () => {
      document?.removeEventListener('visibilitychange', seen);
      globals.removeEventListener?.('online', listener);
    };
  },

  // Unlike `crypto.randomUUID`, it is there in pages that came over http, too.
  fillRandom: (bytes) => void crypto.getRandomValues(bytes),

  isSecurePage: () => globals.location?.protocol === 'https:',
  canSeal: () => globals.crypto?.subtle !== undefined,
  pageUrl: () => globals.location?.href,
};
