import type { Platform } from './platform.ts';

/** What only browsers have; looked up late, since the module may be imported where none of it exists. */
interface BrowserGlobals {
  document?: EventTarget & { readonly visibilityState: string };
  location?: { readonly protocol: string };
  addEventListener?: EventTarget['addEventListener'];
  removeEventListener?: EventTarget['removeEventListener'];
}

const globals = globalThis as BrowserGlobals;

/** Browsers, and whatever else has a global `WebSocket`. */
export const browserPlatform: Platform = {
  openSocket(url, protocols, events) {
    const socket = new WebSocket(url, protocols);
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => events.open(socket.protocol));
    socket.addEventListener('message', (event) => events.message(event.data as string | ArrayBuffer));
    socket.addEventListener('close', (event) => events.close(event.code, event.reason));
    return {
      get open() {
        return socket.readyState === WebSocket.OPEN;
      },
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
      send: (data) => socket.send(data),
      close: (code) => socket.close(code),
      // There is no harder way; what the socket still says is no longer listened to.
      abandon: () => socket.close(),
    };
  },

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
};
