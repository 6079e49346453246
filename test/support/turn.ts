/** A turn of the event loop, in Node and in browsers: all that waits for nothing but its turn has run by then. */
type Turn = () => Promise<void>;

/** setTimeout would be held back by browsers for four milliseconds each time. */
function turnOfChannel(): Turn {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.addEventListener('message', () => waiting.shift()?.());
  port1.start();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(undefined);
    });
}

export const turn: Turn =
  typeof setImmediate === 'function'
    ? () => new Promise((resolve) => void setImmediate(resolve))
    : turnOfChannel();
