/** Rooms of a sender, a fast receiver and a hindered one, and what each gets. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Receiver, Sender, UNHINDERED } from './member.ts';
import type { Pace } from './paced-socket.ts';
import type { RelayProcess } from './relay.ts';
import { FPS, type VideoPlan } from './video.ts';

export interface Company {
  name: string;
  /** Of the receivers beside the fast one. */
  paces: { name: string; pace: Pace }[];
}

export interface ReceiverResult {
  room: string;
  receiver: string;
  /** Frames a second that can be decoded. */
  fps: number;
  age_p50_ms: number;
  age_p95_ms: number;
  /** Frames of layers 0, 1, 2 that did not arrive. */
  left_out: [number, number, number];
  frames_sent: number;
  /** By all receivers of the room. */
  keyframes_asked: number;
}

/** What is sent before counts in nothing, ms: receivers find their floor, and the first keyframe goes through. */
const WARM_MS = 3_000;
/** Time for the last frames to arrive, ms. */
const SETTLE_MS = 1_500;

/** Plays all rooms at the same time. */
export async function playRooms(
  relay: RelayProcess,
  rooms: readonly Company[],
  video: VideoPlan,
  seconds: number,
): Promise<ReceiverResult[]> {
  const results = await Promise.all(rooms.map((room) => playRoom(relay, room, video, seconds)));
  return results.flat();
}

async function playRoom(
  relay: RelayProcess,
  room: Company,
  video: VideoPlan,
  seconds: number,
): Promise<ReceiverResult[]> {
  const all = [{ name: 'fast', pace: UNHINDERED }, ...room.paces];
  const seats = await relay.room(all.length + 1);
  const sender = await Sender.open(seats[0]!, video);
  const receivers: Receiver[] = [];
  try {
    for (const [i, { pace }] of all.entries())
      receivers.push(await Receiver.open(seats[i + 1]!, { ...pace }));
    sender.start();
    await sleep(WARM_MS + seconds * 1_000);
    sender.stop();
    await sleep(SETTLE_MS);
    const from = sender.sent[0]!.at + WARM_MS;
    return receivers.map((receiver, i) => ({
      room: room.name,
      receiver: all[i]!.name,
      ...measured(sender, receiver, from),
    }));
  } finally {
    sender.end();
    for (const receiver of receivers) receiver.end();
  }
}

function measured(
  sender: Sender,
  receiver: Receiver,
  from: number,
): Omit<ReceiverResult, 'room' | 'receiver'> {
  const sent = sender.sent.filter(({ at }) => at >= from);
  const first = sent[0]!.frame.id;
  const arrived = receiver.arrived.filter(({ id }) => id >= first);
  const there = new Set(arrived.map(({ id }) => id));
  const left_out: [number, number, number] = [0, 0, 0];
  for (const { frame } of sent) if (!there.has(frame.id)) left_out[frame.layer]++;
  const ages = arrived.map(({ age }) => age).toSorted((a, b) => a - b);
  const age = (part: number): number => ages[Math.floor((ages.length - 1) * part)] ?? NaN;
  return {
    fps: (arrived.filter(({ good }) => good).length * FPS) / sent.length,
    age_p50_ms: age(0.5),
    age_p95_ms: age(0.95),
    left_out,
    frames_sent: sent.length,
    keyframes_asked: sender.keyframes_asked,
  };
}
