/** What it takes when one more member joins a room that is nearly full, and when it leaves. */
import { spreadOf } from '../../spread.ts';
import type { Spread } from '../../spread.ts';
import { BenchRoom } from './room.ts';
import type { RoomMember } from './room.ts';
import { emptyTally } from './tally.ts';
import type { Tally } from './tally.ts';

export interface MembershipPlan {
  /** With the one that joins and leaves. */
  members: number;
  rounds: number;
}

export interface Change {
  /** Until all are sealed with all, or until nobody uses a key any more that the one who left has. */
  ms: Spread;
  /** CPU time of the one that joins or leaves, ms, and of all others together. */
  own_cpu_ms: Spread;
  others_cpu_ms: Spread;
  /** Of the last round: what was sent until then. */
  tally: Tally;
}

export interface MembershipResult {
  members: number;
  rounds: number;
  join: Change;
  leave: Change;
}

interface Sample {
  ms: number;
  own: number;
  others: number;
  tally: Tally;
}

/** What does not come to an end in this time has failed, ms. */
const PATIENCE_MS = 60_000;
/** How often members show which key they use, ms. */
const POSE_MS = 20;

/** Resolves as soon as something holds after a step of the room. */
async function until(room: BenchRoom, what: string, holds: () => boolean): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} took longer than ${PATIENCE_MS / 1_000} s`)),
      PATIENCE_MS,
    );
    room.stepped = () => {
      const [trouble] = room.troubles;
      if (trouble !== undefined) reject(new Error(`${what}: ${trouble}`));
      else if (holds()) resolve();
    };
    room.stepped();
  }).finally(() => {
    clearTimeout(timer);
    room.stepped = () => undefined;
  });
}

const cpuOf = (members: readonly RoomMember[]): number =>
  members.reduce((sum, { cpu_ms }) => sum + cpu_ms, 0);

async function measureJoin(
  room: BenchRoom,
  client_id: string,
): Promise<{ sample: Sample; member: RoomMember }> {
  const others = [...room.members];
  const before = cpuOf(others);
  room.tally = emptyTally();
  const started = performance.now();
  const member = await room.join(client_id);
  await until(room, 'the join', () => room.isWhole);
  const ms = performance.now() - started;
  await until(room, 'the end of the join', () => room.isIdle);
  const sample = { ms, own: member.cpu_ms, others: cpuOf(others) - before, tally: room.tally };
  return { sample, member };
}

async function measureLeave(room: BenchRoom, member: RoomMember): Promise<Sample> {
  room.sendPoses();
  await until(room, 'the last poses of before', () => room.isIdle);
  const others = room.members.filter((other) => other !== member);
  const generations = new Map(others.map((other) => [other, other.generation!]));
  const before = { own: member.cpu_ms, others: cpuOf(others) };
  room.tally = emptyTally();
  const started = performance.now();
  await room.leave(member);
  const poses = setInterval(() => room.sendPoses(), POSE_MS);
  await until(room, 'the leave', () =>
    others.every((other) => other.generation! > generations.get(other)!),
  ).finally(() => clearInterval(poses));
  const ms = performance.now() - started;
  const sample = {
    ms,
    own: member.cpu_ms - before.own,
    others: cpuOf(others) - before.others,
    tally: room.tally,
  };
  await until(room, 'the end of the leave', () => room.isIdle);
  return sample;
}

function changeOf(samples: readonly Sample[]): Change {
  return {
    ms: spreadOf(samples.map(({ ms }) => ms)),
    own_cpu_ms: spreadOf(samples.map(({ own }) => own)),
    others_cpu_ms: spreadOf(samples.map(({ others }) => others)),
    tally: samples.at(-1)!.tally,
  };
}

export async function measureMembership(
  { members, rounds }: MembershipPlan,
  progress: (line: string) => void,
): Promise<MembershipResult> {
  const room = new BenchRoom();
  try {
    progress(`Node: ${members - 1} members come`);
    for (let i = 1; i < members; i++) {
      await room.join(`member-${i}`);
      await until(room, `the join of member ${i}`, () => room.isWhole && room.isIdle);
    }
    const joins: Sample[] = [];
    const leaves: Sample[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`Node: member ${members} comes and goes, round ${round} of ${rounds}`);
      const { sample, member } = await measureJoin(room, `guest-${round}`);
      joins.push(sample);
      leaves.push(await measureLeave(room, member));
    }
    return { members, rounds, join: changeOf(joins), leave: changeOf(leaves) };
  } finally {
    room.close();
  }
}
