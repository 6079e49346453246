/** How V8 uses memory in a process that holds thousands of connections and makes little garbage for each message. */
import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the space of new objects at its first size. By default a rush of handshakes makes it grow, and its pages stay with
 * the process: 10,000 connections cost twice as much memory then. To be called first of all; it affects the whole process.
 */
export function keepNewSpaceSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
