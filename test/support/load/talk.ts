/** What clients say, and what each may hear of it: in order, once, from its own room, and all of it unless something broke. */
import { HEARTBEAT_MS, REORDER_MS, RETENTION_MS } from '../../../client/src/e2ee/limits.ts';
import type { Ledger } from './ledger.ts';

interface Word {
  /** Number of the speaker's room. */
  room: number;
  /** Counts up with each frame of the speaker, messages and poses apart. */
  n: number;
  /** {@link Speaker.breaks} when it said this. */
  breaks: number;
  /** When it was said, ms since the Unix epoch. */
  at: number;
}

/** Who says or hears something. */
export interface Speaker {
  readonly client_id: string;
  /**
   * How often what it says, and what is said to it, may have been lost: in rooms that are not sealed, with each connection; in
   * sealed ones only with its page.
   */
  readonly breaks: number;
}

export function spoken({ room, n, breaks, at }: Word, padding: number): string {
  return `${room} ${n} ${breaks} ${at} ${'.'.repeat(padding)}`;
}

export function readWord(text: string): Word | undefined {
  const [room, n, breaks, at] = text.split(' ', 4).map(Number);
  return [room, n, breaks, at].every(Number.isSafeInteger) ? ({ room, n, breaks, at } as Word) : undefined;
}

interface Heard {
  /** 0 before the first. */
  n: number;
  /** The first was to be this one or one before. */
  due: number;
  /** The speaker's count of breaks then, and the listener's. */
  speaker_breaks: number;
  own_breaks: number;
}

/**
 * Members of a sealed room keep messages for RETENTION_MS, and count as gone when as long no heartbeat of them was heard; the
 * last may have come HEARTBEAT_MS before two of them lost each other. What breaks for less loses nothing.
 */
const APART_MS = RETENTION_MS - HEARTBEAT_MS;

/** What can be sent again has come, and the rest is told to be lost, within this time after they hear each other again. */
const MADE_UP_MS = REORDER_MS;

/** When something was heard last, of any class, and until when some may be lost for they were apart. */
interface Silence {
  heard_at: number;
  excused_until: number;
}

/** What one client has heard of each other. */
export class Listening {
  readonly #room: number;
  readonly #ledger: Ledger;
  readonly #heard = new Map<Speaker, Heard>();
  readonly #silences = new Map<Speaker, Silence>();
  /** How often it was told that some may be lost. */
  readonly #tears = new Map<Speaker, number>();
  /** Number of the last pose. */
  readonly #poses = new Map<Speaker, number>();

  constructor(room: number, ledger: Ledger) {
    this.#room = room;
    this.#ledger = ledger;
  }

  /** The listener's page is another from now on, which remembers nothing. */
  forget(): void {
    this.#heard.clear();
    this.#poses.clear();
    this.#silences.clear();
  }

  /** It was told that some of what `speaker` said is lost, or, in a room that is not sealed, may be. */
  tear(speaker: Speaker): void {
    this.#tears.set(speaker, this.tears(speaker) + 1);
    const heard = this.#heard.get(speaker);
    if (heard !== undefined) this.#heard.set(speaker, { ...heard, own_breaks: NaN });
  }

  tears(speaker: Speaker): number {
    return this.#tears.get(speaker) ?? 0;
  }

  /** Whether the two are apart, or were until a moment ago, for so long that some may be lost. */
  apart(speaker: Speaker): boolean {
    const silence = this.#silences.get(speaker);
    if (silence === undefined) return false;
    const now = Date.now();
    return now - silence.heard_at >= APART_MS || now < silence.excused_until;
  }

  /** For whoever looks into a breach: for how long nothing was heard of `speaker`, ms, and whether some may be lost. */
  about(speaker: Speaker): string {
    const { heard_at, excused_until } = this.#silences.get(speaker) ?? { heard_at: NaN, excused_until: NaN };
    const now = Date.now();
    return `the last was ${this.last(speaker)}, ${now - heard_at} ms ago, ${now - excused_until} ms after an excuse`;
  }

  #noise(speaker: Speaker): void {
    const now = Date.now();
    const { heard_at, excused_until } = this.#silences.get(speaker) ?? { heard_at: now, excused_until: 0 };
    const excused = now - heard_at >= APART_MS ? now + MADE_UP_MS : excused_until;
    this.#silences.set(speaker, { heard_at: now, excused_until: excused });
  }

  /** Number of the last message heard of `speaker`; 0: none. */
  last(speaker: Speaker): number {
    return this.#heard.get(speaker)?.n ?? 0;
  }

  /** Whether something is due of `speaker`, or was heard. */
  expects(speaker: Speaker): boolean {
    return this.#heard.has(speaker);
  }

  /** `speaker` is about to say message `n`, and knows that `listener` is there: that and all that follows are to be heard.
   * What was said before may be. */
  expect(speaker: Speaker, listener: Speaker, n: number): void {
    if (this.expects(speaker)) return;
    this.#heard.set(speaker, { n: 0, due: n, speaker_breaks: speaker.breaks, own_breaks: listener.breaks });
  }

  /** `listener` hears `text`, a message of `speaker`, who is undefined if nobody of this room has that client id. */
  hear(speaker: Speaker | undefined, listener: Speaker, text: string): Word | undefined {
    const ledger = this.#ledger;
    const name = `room ${this.#room}`;
    const word = this.#read(speaker, text);
    if (speaker === undefined || word === undefined) return undefined;
    ledger.count('frames_heard');
    this.#noise(speaker);
    const before = this.#heard.get(speaker);
    const now = { n: word.n, due: 0, speaker_breaks: word.breaks, own_breaks: listener.breaks };
    if (before !== undefined && word.n <= before.n) {
      ledger.breach(
        `${name}: message ${word.n} of ${speaker.client_id} was heard by ${listener.client_id} after ${before.n}`,
      );
      return word;
    }
    const next = before?.n === 0 ? before.due : (before?.n ?? Infinity) + 1;
    const missing = Math.max(0, word.n - next);
    ledger.count('frames_missing', missing);
    const unbroken = before?.speaker_breaks === now.speaker_breaks && before.own_breaks === now.own_breaks;
    if (missing > 0 && unbroken && !this.apart(speaker)) {
      ledger.breach(
        `${name}: ${missing} messages of ${speaker.client_id} before ${word.n} were lost for ${listener.client_id} though neither connection broke`,
      );
    }
    this.#heard.set(speaker, now);
    return word;
  }

  /** The same of a pose: it may be left out, but comes neither twice nor behind a newer one. */
  hearPose(speaker: Speaker | undefined, listener: Speaker, text: string): Word | undefined {
    const word = this.#read(speaker, text);
    if (speaker === undefined || word === undefined) return undefined;
    this.#ledger.count('poses_heard');
    this.#noise(speaker);
    const before = this.#poses.get(speaker);
    if (before !== undefined && word.n <= before) {
      this.#ledger.breach(
        `room ${this.#room}: pose ${word.n} of ${speaker.client_id} was shown to ${listener.client_id} after ${before}`,
      );
      return word;
    }
    this.#poses.set(speaker, word.n);
    return word;
  }

  #read(speaker: Speaker | undefined, text: string): Word | undefined {
    const word = readWord(text);
    if (speaker !== undefined && word?.room === this.#room) return word;
    this.#ledger.breach(`room ${this.#room}: a foreign frame was heard: ${text.slice(0, 40).trim()}`);
    return undefined;
  }
}
