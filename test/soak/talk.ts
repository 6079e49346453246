/** What clients say, and what each may hear of it: in order, once, from its own room, and all of it unless a connection broke. */
import type { Ledger } from './ledger.ts';

interface Word {
  /** Number of the speaker's room. */
  room: number;
  /** Counts up with each frame of the speaker. */
  n: number;
  /** How often the speaker's connection had been lost when it said this. */
  breaks: number;
}

/** Who says or hears something. */
export interface Speaker {
  readonly client_id: string;
  readonly breaks: number;
}

export function spoken({ room, n, breaks }: Word, padding: number): string {
  return `${room} ${n} ${breaks} ${'.'.repeat(padding)}`;
}

function readWord(text: string): Word | undefined {
  const [room, n, breaks] = text.split(' ', 3).map(Number);
  return [room, n, breaks].every(Number.isSafeInteger) ? ({ room, n, breaks } as Word) : undefined;
}

interface Heard {
  n: number;
  /** The speaker's count of breaks then, and the listener's. */
  speaker_breaks: number;
  own_breaks: number;
}

/** What one client has heard of each other. */
export class Listening {
  readonly #room: number;
  readonly #ledger: Ledger;
  readonly #heard = new Map<Speaker, Heard>();

  constructor(room: number, ledger: Ledger) {
    this.#room = room;
    this.#ledger = ledger;
  }

  /** Number of the last frame heard of `speaker`; 0: none. */
  last(speaker: Speaker): number {
    return this.#heard.get(speaker)?.n ?? 0;
  }

  /** `listener` hears `text` of `speaker`, who is undefined if nobody of this room has that client id. */
  hear(speaker: Speaker | undefined, listener: Speaker, text: string): void {
    const ledger = this.#ledger;
    const word = readWord(text);
    const name = `room ${this.#room}`;
    if (speaker === undefined || word?.room !== this.#room) {
      ledger.breach(`${name}: a foreign frame was heard: ${text.slice(0, 40).trim()}`);
      return;
    }
    ledger.count('frames_heard');
    const before = this.#heard.get(speaker);
    const now = { n: word.n, speaker_breaks: word.breaks, own_breaks: listener.breaks };
    if (before !== undefined && word.n <= before.n) {
      ledger.breach(`${name}: frame ${word.n} of ${speaker.client_id} was heard after ${before.n}`);
      return;
    }
    const missing = before === undefined ? 0 : word.n - before.n - 1;
    ledger.count('frames_missing', missing);
    const unbroken = before?.speaker_breaks === now.speaker_breaks && before.own_breaks === now.own_breaks;
    if (missing > 0 && unbroken) {
      ledger.breach(
        `${name}: ${missing} frames of ${speaker.client_id} before ${word.n} were lost though neither connection broke`,
      );
    }
    this.#heard.set(speaker, now);
  }
}
