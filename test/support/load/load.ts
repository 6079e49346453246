/** Rooms that stay and rooms that come at a steady rate, each played as it was planned. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../shared/ports/random.ts';
import { seededRandom } from '../random.ts';
import type { Company } from './company.ts';
import { type Ledger, OUTAGES } from './ledger.ts';
import { Member } from './member.ts';
import { type MemberPlan, planRoom, planStanding, type RoomPlan } from './plan.ts';
import type { MemberWorld } from './world.ts';

/** Mean time between two messages of one client, ms. */
const TALK_MS = 400;
/** Poses go out in this many turns, so that not all members send theirs at once. */
const POSE_TURNS = 5;
/** Share of the router's answers that are lost on their way. */
const LOST_ANSWERS = 0.03;
/** Rooms that stay begin this far apart, ms. */
const STANDING_APART_MS = 100;
/** When nothing disturbs them, all rooms are whole within this time. */
const WHOLE_WITHIN_MS = 20_000;
const LOOK_MS = 50;

/** `fetch`, except that a part of the answers never arrives although the request was carried out. */
export function lossyFetch(random: Random, ledger: Ledger): typeof fetch {
  return async (input, init) => {
    const lost = random.fraction() < LOST_ANSWERS;
    const response = await fetch(input, init);
    if (!lost) return response;
    await response.arrayBuffer();
    ledger.count('answers_lost');
    throw new TypeError('the answer was lost');
  };
}

export interface Load {
  members: ReadonlySet<Member>;
  /** Resolves when every room that stays is full. */
  standing: Promise<void>;
  /** Nothing disturbs anybody: resolves to what is amiss in rooms after a while, a sentence each. */
  amiss(): Promise<string[]>;
  /** No room begins any more, everybody leaves. Resolves when all have. */
  end(): Promise<void>;
}

export interface LoadOptions {
  seed: number;
  rooms_per_second: number;
  /** Rooms that stay until the end. */
  standing_rooms: number;
  /** Share of rooms that are sealed. */
  sealed_share: number;
  poses_per_second: number;
  /** How long a client of another room stays at most, ms. */
  longest_stay_ms: number;
  world: Omit<MemberWorld, 'members'>;
}

export function startLoad(options: LoadOptions): Load {
  const { seed, rooms_per_second, standing_rooms, sealed_share, poses_per_second } = options;
  const world: MemberWorld = { ...options.world, members: new Set() };
  const { ledger } = world;
  const ending = new AbortController();
  const rooms = new Set<Promise<void>>();
  const full: PromiseWithResolvers<void>[] = [];

  /** Waits; returns early, with false, when the load ends. */
  async function during(ms: number): Promise<boolean> {
    await sleep(Math.max(0, ms), undefined, { signal: ending.signal }).catch(() => undefined);
    return !ending.signal.aborted;
  }

  /** Talks and does its deeds until its time is up. */
  async function stay(member: Member, { stays, deeds, end }: MemberPlan): Promise<void> {
    const since = Date.now();
    const due = [...deeds];
    while (!member.over && Date.now() - since < stays) {
      if (!(await during(TALK_MS * (0.5 + world.random.fraction())))) break;
      member.talk();
      if (due[0] === undefined || Date.now() - since < due[0].at) continue;
      if (due.shift()?.kind === 'reload') await member.reload();
      else member.cut();
    }
    if (end === 'vanish' && !ending.signal.aborted) member.vanish();
    else await member.leave();
  }

  /** All seats are taken: one more client must be told so. */
  async function crowd({ number, byId }: Company, room_id: string): Promise<void> {
    const since = Date.now();
    const response = await world
      .fetch(`${world.router}/join-room`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ room_id }),
      })
      .catch(() => undefined);
    const code = response === undefined ? undefined : ((await response.json()) as { code?: string }).code;
    if (code === 'room_full') ledger.count('turned_away');
    // Who left meanwhile left a seat.
    else if ([...byId.values()].some((member) => member.over)) return;
    else if (response?.ok === true) ledger.breach(`room ${number} took in one more than it has seats for`);
    else if (!ledger.underFault(OUTAGES, since) && response !== undefined) {
      ledger.breach(`room ${number} is full, and answered ${response.status} ${code}`);
    }
  }

  async function play({ number, sealed, members, oddity }: RoomPlan, all_there = () => {}): Promise<void> {
    const [creator, ...others] = members;
    ledger.count('rooms_planned');
    if (oddity.kind === 'ghost') {
      ledger.count('ghosts');
      await world.fetch(`${world.router}/create-room`, { method: 'POST' }).catch(() => undefined);
      return;
    }
    const company: Company = { number, sealed, max_clients: members.length, byId: new Map() };
    const first = new Member(world, company);
    const signal = oddity.kind === 'abort' ? AbortSignal.timeout(oddity.after_ms) : undefined;
    const key = await first.create(signal);
    if (key === undefined) return;
    const room_id = first.room_id;
    const came = others.map(async (plan): Promise<[Member, MemberPlan] | undefined> => {
      if (!(await during(plan.comes))) return undefined;
      // Where all others lost their seats, the room is gone.
      if ([...company.byId.values()].every((member) => member.over)) return undefined;
      const member = new Member(world, company);
      return (await member.join(key)) === undefined ? undefined : [member, plan];
    });
    const coming = Promise.all(came).then(async (entered) => {
      all_there();
      if (oddity.kind !== 'crowd' || entered.includes(undefined) || first.over) return;
      await crowd(company, room_id);
    });
    await Promise.all([
      coming,
      stay(first, creator!),
      ...came.map(async (coming) => {
        const entered = await coming;
        if (entered !== undefined) await stay(...entered);
      }),
    ]);
  }

  function begin(plan: RoomPlan, all_there?: () => void): void {
    const room = play(plan, all_there).catch((error: unknown) => {
      ledger.breach(`room ${plan.number}: ${error instanceof Error ? error.stack : String(error)}`);
    });
    rooms.add(room);
    void room.then(() => {
      rooms.delete(room);
      all_there?.();
    });
  }

  async function run(): Promise<void> {
    const random = (number: number) => seededRandom(seed * 1_000_003 + number);
    for (let number = 1; number <= standing_rooms && !ending.signal.aborted; number++) {
      begin(planStanding(random(number), number, sealed_share), full[number - 1]!.resolve);
      await during(STANDING_APART_MS);
    }
    const spacing = 1_000 / rooms_per_second;
    const began = performance.now();
    const longest_ms = options.longest_stay_ms;
    for (let count = 1; !ending.signal.aborted; count++) {
      const number = standing_rooms + count;
      begin(planRoom(random(number), number, { longest_ms, sealed_share }));
      await during(began + count * spacing - performance.now());
    }
  }

  let turn = 0;
  const posing =
    poses_per_second === 0
      ? undefined
      : setInterval(
          () => {
            turn++;
            for (const member of world.members) {
              if ((member.turn + turn) % POSE_TURNS === 0) member.pose();
            }
          },
          1_000 / poses_per_second / POSE_TURNS,
        );

  for (let number = 1; number <= standing_rooms; number++) full.push(Promise.withResolvers<void>());
  const running = run();

  return {
    members: world.members,
    standing: Promise.all(full.map(({ promise }) => promise)).then(() => undefined),
    async amiss() {
      const since = Date.now();
      const left = new Set(world.members);
      for (const member of left) member.listenAfresh();
      for (;;) {
        for (const member of left) if (member.over || member.amiss() === undefined) left.delete(member);
        if (left.size === 0 || Date.now() - since > WHOLE_WITHIN_MS) {
          return [...left].flatMap((member) => member.amiss() ?? []);
        }
        await sleep(LOOK_MS);
      }
    },
    async end() {
      ending.abort();
      await running;
      await Promise.all(rooms);
      clearInterval(posing);
    },
  };
}
