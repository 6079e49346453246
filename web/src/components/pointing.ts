/** From what a mouse, finger, pen or key does to a pointer of the shared area. */
import type { Pointer } from '../protocol/pointer.ts';

/** The place of a pointer event within `area` (both in the coordinates of the window). */
export function pointerAt(
  event: { clientX: number; clientY: number; buttons: number },
  area: { left: number; top: number; width: number; height: number },
): Pointer {
  return {
    x: clamp((event.clientX - area.left) / area.width),
    y: clamp((event.clientY - area.top) / area.height),
    pressed: event.buttons !== 0,
    visible: true,
  };
}

const STEP = 0.02;
const LARGE_STEP = 0.1;
const DIRECTIONS: Record<string, readonly [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** `pointer` after an arrow key, from the middle where there was none; undefined for other keys. */
export function movedByKey(
  pointer: Pointer | undefined,
  key: { key: string; shiftKey: boolean },
): Pointer | undefined {
  const direction = DIRECTIONS[key.key];
  if (direction === undefined) return undefined;
  const step = key.shiftKey ? LARGE_STEP : STEP;
  const { x, y } = pointer ?? { x: 0.5, y: 0.5 };
  return {
    x: clamp(x + direction[0] * step),
    y: clamp(y + direction[1] * step),
    pressed: false,
    visible: true,
  };
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));
