/** A Worker that does nothing but count what its WebSocket brings: what receiving costs before any code of ours runs. */
interface Socket {
  binaryType: string;
  addEventListener(type: 'open' | 'message', listener: () => void): void;
}
const { WebSocket } = globalThis as unknown as { WebSocket: new (url: string) => Socket };

let messages = 0;

/** Resolves when the socket is open. */
export function open(url: string): Promise<void> {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', () => messages++);
  return new Promise((resolve) => socket.addEventListener('open', () => resolve()));
}

/** How many came since the last call. */
export function received(): number {
  const count = messages;
  messages = 0;
  return count;
}
