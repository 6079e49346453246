/** Stops this very thread for `ms`: no timer, no socket, as a process that got SIGSTOP or no CPU. */
export function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
