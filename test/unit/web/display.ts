/** A display in place of `requestAnimationFrame`: a frame is shown when the test says so. */
export class Display {
  readonly #interval_ms: number;
  #now = 0;
  #callbacks: ((now: number) => void)[] = [];

  constructor(interval_ms: number) {
    this.#interval_ms = interval_ms;
  }

  /** Callbacks that wait for the next frame. */
  get waiting(): number {
    return this.#callbacks.length;
  }

  readonly nextFrame = (callback: (now: number) => void): void => {
    this.#callbacks.push(callback);
  };

  frame(): void {
    this.#now += this.#interval_ms;
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) callback(this.#now);
  }
}
