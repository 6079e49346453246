import type { NextFrame } from './pointers.ts';

/** A page that is hidden draws no frames; what waits for one is done after this time, ms, all the same. */
const HIDDEN_MS = 250;

/** Before the next repaint: for what is only worth doing when it is seen. */
export const nextRepaint: NextFrame = (callback) => {
  requestAnimationFrame(callback);
};

/** Before the next repaint, or soon where there is none: for what others have to hear of, such as a pointer that left. */
export const nextRepaintOrSoon: NextFrame = (callback) => {
  let timer = 0;
  const frame = requestAnimationFrame((now) => {
    clearTimeout(timer);
    callback(now);
  });
  timer = window.setTimeout(() => {
    cancelAnimationFrame(frame);
    callback(performance.now());
  }, HIDDEN_MS);
};
