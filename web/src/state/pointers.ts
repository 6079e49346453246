/**
 * Pointers, outside the signals: they change up to 60 times a second for each client, and no component renders for
 * that. Drawing and sending both happen once a frame, with the newest position.
 */
import type { Pointer } from '../protocol/pointer.ts';

/** Runs `callback` before the next repaint, with the time in ms: `requestAnimationFrame`. */
export type NextFrame = (callback: (now: number) => void) => void;

/** Where the pointers are: written by frames of the room, read when drawing. */
export interface PointerBoard {
  get(client_id: string): Pointer | undefined;
  set(client_id: string, pointer: Pointer): void;
  delete(client_id: string): void;
  /** Calls `listener` with the client id at each change; returns what stops that. */
  onChange(listener: (client_id: string) => void): () => void;
}

export function createPointerBoard(): PointerBoard {
  const pointers = new Map<string, Pointer>();
  const listeners = new Set<(client_id: string) => void>();
  const changed = (client_id: string): void => listeners.forEach((listener) => listener(client_id));
  return {
    get: (client_id) => pointers.get(client_id),
    set(client_id, pointer) {
      pointers.set(client_id, pointer);
      changed(client_id);
    },
    delete(client_id) {
      if (pointers.delete(client_id)) changed(client_id);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The least time between two sends, ms: 60 Hz, less half a millisecond since frames do not come to the microsecond. */
const LEAST_INTERVAL_MS = 1_000 / 60 - 0.5;

/**
 * Sends the own pointer at most 60 times a second, on faster displays too. What is given in between is replaced by
 * what comes after it: `send` always gets the newest. The last one is never lost: where `send` says false, it is asked
 * again with the next frame.
 */
export function createPointerSender(
  send: (pointer: Pointer) => boolean,
  nextFrame: NextFrame,
): (pointer: Pointer) => void {
  let newest: Pointer | undefined;
  let waiting = false;
  let sent_at = -Infinity;
  const frame = (now: number): void => {
    waiting = false;
    if (newest === undefined) return;
    if (now - sent_at < LEAST_INTERVAL_MS || !send(newest)) {
      wait();
      return;
    }
    sent_at = now;
    newest = undefined;
  };
  const wait = (): void => {
    if (waiting) return;
    waiting = true;
    nextFrame(frame);
  };
  return (pointer) => {
    newest = pointer;
    wait();
  };
}

/** Calls `draw` once a frame with the client ids that changed since; rests while nothing changes. */
export function createPainter(
  draw: (client_id: string) => void,
  nextFrame: NextFrame,
): (client_id: string) => void {
  const dirty = new Set<string>();
  return (client_id) => {
    if (dirty.size === 0) {
      nextFrame(() => {
        const ids = [...dirty];
        dirty.clear();
        ids.forEach(draw);
      });
    }
    dirty.add(client_id);
  };
}
