/** Rooms in which a part of the receivers stands still for minutes, and what the relay's memory does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Receiver, Sender, UNHINDERED } from './member.ts';
import type { RelayProcess, Seat } from './relay.ts';
import { spreadOf } from '../spread.ts';
import type { VideoPlan } from './video.ts';

export interface SoakPlan {
  minutes: number;
  /** Percent of the receivers. */
  stalled: number;
  rooms: number;
  /** In each room. */
  receivers: number;
}

export interface SoakSample {
  seconds: number;
  rss: number;
  used: number;
}

export interface SoakResult {
  samples: SoakSample[];
  /** How often the relay ended a connection that stood still, and it came back. */
  reconnects: number;
  /** Median resident memory after the first third, and in the last third, bytes. */
  before: number;
  after: number;
  grows: boolean;
}

const SAMPLE_MS = 5_000;
/** What the resident memory of a process may do by itself. */
const ALLOWED_SHARE = 0.1;
const ALLOWED_BYTES = 8 * 1_048_576;
/** A stalled receiver reads for so long before it stands still, ms. */
const READS_MS = 1_000;

export async function soak(
  relay: RelayProcess,
  plan: SoakPlan,
  video: VideoPlan,
  progress: (line: string) => void,
): Promise<SoakResult> {
  const ends: (() => void)[] = [];
  let reconnects = 0;
  let over = false;

  /** Opens a receiver that stands still, again and again: the relay ends it, since it answers no pings. */
  async function standStill(seat: Seat): Promise<void> {
    const pace = { rate: undefined as number | undefined, delay: 0 };
    const receiver = await Receiver.open(seat, pace, false);
    ends.push(() => receiver.end());
    const stop = setTimeout(() => (pace.rate = 0), READS_MS);
    void receiver.closed.then(async () => {
      clearTimeout(stop);
      if (over) return;
      reconnects++;
      await standStill(seat);
    });
  }

  try {
    for (let room = 0; room < plan.rooms; room++) {
      const seats = await relay.room(plan.receivers + 1);
      const sender = await Sender.open(seats[0]!, video, false);
      ends.push(() => sender.end());
      const stalled = Math.round((plan.receivers * plan.stalled) / 100);
      for (const [i, seat] of seats.slice(1).entries()) {
        if (i < stalled) await standStill(seat);
        else {
          const receiver = await Receiver.open(seat, UNHINDERED, false);
          ends.push(() => receiver.end());
        }
      }
      sender.start();
    }
    const samples: SoakSample[] = [];
    const started = performance.now();
    while (performance.now() - started < plan.minutes * 60_000) {
      await sleep(SAMPLE_MS);
      const memory = await relay.memory();
      const seconds = Math.round((performance.now() - started) / 1_000);
      samples.push({ seconds, ...memory });
      progress(`${seconds} s: ${megabytes(memory.rss)} MB resident, ${megabytes(memory.used)} MB used`);
    }
    return { samples, reconnects, ...verdict(samples) };
  } finally {
    over = true;
    for (const end of ends) end();
  }
}

/** The first third counts in nothing: buffers are still being made. */
export function verdict(samples: readonly SoakSample[]): Pick<SoakResult, 'before' | 'after' | 'grows'> {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const middle = samples.slice(third, Math.max(third * 2, third + 1));
  const before = spreadOf((middle.length === 0 ? samples : middle).map(({ rss }) => rss)).median;
  const after = spreadOf(samples.slice(-third).map(({ rss }) => rss)).median;
  return { before, after, grows: after > before * (1 + ALLOWED_SHARE) + ALLOWED_BYTES };
}

export const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
