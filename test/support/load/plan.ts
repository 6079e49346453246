/** The rooms of a run, as they follow from its seed. */
import type { Random } from '../../../shared/ports/random.ts';

/** What a client does of its own accord, `at` ms after it has come in. */
export interface Deed {
  at: number;
  /** Its connection breaks; or its page is loaded anew, which takes the seat up again. */
  kind: 'break' | 'reload';
}

export interface MemberPlan {
  /** When it comes, ms after the room was made. */
  comes: number;
  /** How long it stays, ms. */
  stays: number;
  deeds: Deed[];
  /** How it ends: it leaves, or is never heard of again. */
  end: 'leave' | 'vanish';
}

/** A room with the one who creates it first. */
export interface RoomPlan {
  number: number;
  sealed: boolean;
  members: MemberPlan[];
  /**
   * `ghost`: its creator never opens a socket. `abort`: the creator changes its mind after that many ms. `crowd`: when all have
   * come, one more asks for a seat.
   */
  oddity: { kind: 'none' | 'ghost' | 'crowd' } | { kind: 'abort'; after_ms: number };
}

const between = (random: Random, least: number, most: number): number =>
  Math.round(least + random.fraction() * (most - least));

function deeds(random: Random, stays: number): Deed[] {
  const kind = random.fraction();
  if (kind < 0.6) return [];
  return [{ at: between(random, 500, stays), kind: kind < 0.85 ? 'break' : 'reload' }];
}

/** Room `number`; `longest_ms`: how long a client stays at most; `sealed_share`: of all rooms. */
export function planRoom(
  random: Random,
  number: number,
  { longest_ms, sealed_share }: { longest_ms: number; sealed_share: number },
): RoomPlan {
  const stays = between(random, longest_ms / 3, longest_ms);
  const creator = { comes: 0, stays, deeds: deeds(random, stays), end: 'leave' } as const;
  const others = Array.from({ length: random.integer(4) }, (): MemberPlan => {
    const comes = between(random, 0, stays / 2);
    const own = between(random, longest_ms / 10, longest_ms / 2);
    const end = random.fraction() < 0.1 ? 'vanish' : 'leave';
    return { comes, stays: own, deeds: deeds(random, own), end };
  });
  const odd = random.fraction();
  const after_ms = between(random, 0, 60);
  const oddity: RoomPlan['oddity'] =
    odd < 0.03
      ? { kind: 'ghost' }
      : odd < 0.05
        ? { kind: 'abort', after_ms }
        : { kind: odd < 0.2 ? 'crowd' : 'none' };
  const sealed = random.fraction() < sealed_share;
  return { number, sealed, members: [creator, ...others], oddity };
}

/** A room whose members stay until the end, whatever happens. */
export function planStanding(random: Random, number: number, sealed_share: number): RoomPlan {
  const stays = Infinity;
  const members = Array.from({ length: 2 + random.integer(2) }, (): MemberPlan => ({
    comes: 0,
    stays,
    deeds: [],
    end: 'leave',
  }));
  return { number, sealed: random.fraction() < sealed_share, members, oddity: { kind: 'crowd' } };
}
