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
  /** Connections that the relay has. */
  clients: number;
}

export interface SoakResult {
  samples: SoakSample[];
  /** How often one that stood still until the relay had ended its connection came back. */
  comebacks: number;
  /** Median resident memory after the first third, and in the last third, bytes. */
  before: number;
  after: number;
  grows: boolean;
}

const SAMPLE_MS = 5_000;
/** What the resident memory of a process may do by itself. */
const ALLOWED_SHARE = 0.1;
const ALLOWED_BYTES = 8 * 1_048_576;
/** A receiver that stands still reads for so long before and in between, ms. */
const READS_MS = 2_000;
/** Half of them read again before the relay misses their pongs, ms (R41 of docs/protocol.md). */
const STANDS_MS = 40_000;
/** The others stand still until the relay has ended the connection, and then come back, ms. */
const STANDS_TO_THE_END_MS = 90_000;

export async function soak(
  relay: RelayProcess,
  plan: SoakPlan,
  video: VideoPlan,
  progress: (line: string) => void,
): Promise<SoakResult> {
  const ends = new Set<() => void>();
  const stopped = new AbortController();
  const standing: Promise<void>[] = [];
  let comebacks = 0;
  const { signal } = stopped;
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {});

  async function standStill(seat: Seat, to_the_end: boolean): Promise<void> {
    const stands = to_the_end ? 1 : Infinity;
    while (!signal.aborted) {
      const pace = { rate: undefined as number | undefined, delay: 0 };
      const receiver = await Receiver.open(seat, pace, false);
      const end = (): void => receiver.end();
      ends.add(end);
      for (let times = 0; times < stands && !signal.aborted; times++) {
        pace.rate = undefined;
        await pause(READS_MS);
        pace.rate = 0;
        await pause(to_the_end ? STANDS_TO_THE_END_MS : STANDS_MS);
      }
      receiver.end();
      ends.delete(end);
      if (!signal.aborted) comebacks++;
    }
  }

  try {
    for (let room = 0; room < plan.rooms; room++) {
      const seats = await relay.room(plan.receivers + 1);
      const sender = await Sender.open(seats[0]!, video, false);
      ends.add(() => sender.end());
      const stalled = Math.round((plan.receivers * plan.stalled) / 100);
      for (const [i, seat] of seats.slice(1).entries()) {
        if (i < stalled) standing.push(standStill(seat, i % 2 === 0));
        else {
          const receiver = await Receiver.open(seat, UNHINDERED, false);
          ends.add(() => receiver.end());
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
      progress(
        `${seconds} s: ${megabytes(memory.rss)} MB resident, ${megabytes(memory.used)} MB used, ${memory.clients} clients`,
      );
    }
    return { samples, comebacks, ...verdict(samples) };
  } finally {
    stopped.abort();
    await Promise.allSettled(standing);
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
