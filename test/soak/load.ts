/** Rooms at a steady rate, each played as it was planned. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../shared/ports/random.ts';
import { seededRandom } from '../support/random.ts';
import type { Ledger } from './ledger.ts';
import { Member, type Company, type MemberWorld } from './member.ts';
import { planRoom, type MemberPlan, type RoomPlan } from './plan.ts';

/** Mean time between two words of one client, ms. */
const TALK_MS = 400;
/** Share of the router's answers that are lost on their way. */
const LOST_ANSWERS = 0.03;

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
  /** No room begins any more, everybody leaves. Resolves when all have. */
  end(): Promise<void>;
}

export interface LoadOptions {
  seed: number;
  rooms_per_second: number;
  /** How long a client stays at most, ms. */
  longest_stay_ms: number;
  world: Omit<MemberWorld, 'members'>;
}

export function startLoad({ seed, rooms_per_second, longest_stay_ms, world: given }: LoadOptions): Load {
  const world: MemberWorld = { ...given, members: new Set() };
  const { ledger } = world;
  const ending = new AbortController();
  const rooms = new Set<Promise<void>>();

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

  async function play({ number, members: [creator, ...others], oddity }: RoomPlan): Promise<void> {
    ledger.count('rooms_planned');
    const seats = others.length + 1;
    if (oddity.kind === 'ghost') {
      ledger.count('ghosts');
      await world.fetch(`${world.router}/create-room`, { method: 'POST' }).catch(() => undefined);
      return;
    }
    const company: Company = { number, byId: new Map() };
    const first = new Member(world, company);
    const signal = oddity.kind === 'abort' ? AbortSignal.timeout(oddity.after_ms) : undefined;
    const room_id = await first.create(seats, signal);
    if (room_id === undefined) return;
    await Promise.all([
      stay(first, creator!),
      ...others.map(async (plan) => {
        if (!(await during(plan.comes))) return;
        // Where all others lost their seats, the room is gone.
        const gone = [...company.byId.values()].every((member) => member.over);
        if (gone) return;
        const member = new Member(world, company);
        if ((await member.join(room_id)) !== undefined) await stay(member, plan);
      }),
    ]);
  }

  async function run(): Promise<void> {
    const spacing = 1_000 / rooms_per_second;
    const began = performance.now();
    for (let number = 1; !ending.signal.aborted; number++) {
      const plan = planRoom(seededRandom(seed * 1_000_003 + number), number, longest_stay_ms);
      const room = play(plan).catch((error: unknown) => {
        ledger.breach(`room ${number}: ${error instanceof Error ? error.stack : String(error)}`);
      });
      rooms.add(room);
      void room.then(() => rooms.delete(room));
      await during(began + number * spacing - performance.now());
    }
  }
  const running = run();

  return {
    members: world.members,
    async end() {
      ending.abort();
      await running;
      await Promise.all(rooms);
    },
  };
}
