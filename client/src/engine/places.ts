/**
 * Where the others are while a room moves: on which of our lines, which are numbered from the oldest. Together they are one
 * room: a client that is on any of them is here, under one slot of ours for all of them, and a move is no coming or going.
 */
import type { Joined, Left, Peer } from '../../../shared/protocol/control.ts';
import { MAX_SLOT } from '../../../shared/protocol/frame.ts';

/** Who left one line in the course of a move has so long to come to another before that is told, ms. */
export const LIMBO_MS = 5_000;
/** As long as we have no newer line ourselves, and cannot know: so long. */
export const BLIND_LIMBO_MS = 15_000;

/** Something of what a client and we said to each other may be lost: to all above it has left for a moment. */
export interface Torn {
  readonly type: 'torn';
  readonly client_id: string;
  readonly slot: number;
}

/** What is to be told of a client, by the slots of ours. */
export type Change = Joined | Left | Torn;

/** `here`: it sends there; `moved`: it has said that it goes on elsewhere, and still hears what is sent there. */
type Stand = 'here' | 'moved';

interface Place {
  readonly client_id: string;
  /** Ours, see above. */
  readonly slot: number;
  readonly lines: Map<number, Stand>;
  /** It is on its way. `broke`: its connection is not what it was, so when it comes that is told. */
  limbo: { until: number; readonly broke: boolean } | undefined;
}

export class Places {
  /** Our own slot, for all lines. */
  readonly own_slot: number;
  readonly #sealed: boolean;
  readonly #places = new Map<string, Place>();
  readonly #slots = new Map<number, Place>();

  /**
   * Begins with what was known when there was one line. Its slots become ours. `sealed`: what is lost with a line is noticed and
   * sent again by those above.
   */
  constructor(
    line: number,
    own_slot: number,
    clients: Iterable<[client_id: string, slot: number]>,
    sealed: boolean,
  ) {
    this.own_slot = own_slot;
    this.#sealed = sealed;
    for (const [client_id, slot] of clients) this.#add({ client_id, slot }, line);
  }

  slotOf(client_id: string): number | undefined {
    return this.#places.get(client_id)?.slot;
  }

  /** Who has a slot of ours. */
  at(slot: number): string | undefined {
    return this.#slots.get(slot)?.client_id;
  }

  /** The oldest line, `from` this one on, where a client hears us; undefined if it does nowhere. */
  hearsOn(client_id: string, from: number): number | undefined {
    let oldest: number | undefined;
    for (const line of this.#places.get(client_id)?.lines.keys() ?? []) {
      if (line >= from && (oldest === undefined || line < oldest)) oldest = line;
    }
    return oldest;
  }

  /** All who are here, and the oldest line, `from` this one on, where each hears us. */
  *hearing(from: number): Generator<[client_id: string, line: number]> {
    for (const client_id of this.#places.keys()) {
      const line = this.hearsOn(client_id, from);
      if (line !== undefined) yield [client_id, line];
    }
  }

  /** Whether what a client sends on `line` comes behind what it has yet to send on an older one. */
  isEarly(client_id: string, line: number): boolean {
    for (const [other, stand] of this.#places.get(client_id)?.lines ?? []) {
      if (other < line && stand === 'here') return true;
    }
    return false;
  }

  /** Whether anybody still sends on `line`. */
  isUsed(line: number): boolean {
    for (const { lines } of this.#places.values()) if (lines.get(line) === 'here') return true;
    return false;
  }

  /** Whether anybody hears us on `line`, and on none that is newer. */
  isNeeded(line: number): boolean {
    for (const [client_id, { lines }] of this.#places) {
      if (lines.has(line) && this.hearsOn(client_id, line + 1) === undefined) return true;
    }
    return false;
  }

  /** A relay has let us in, beside those that had before. */
  welcome(line: number, clients: readonly Peer[], now: number): Change[] {
    const changes = clients.flatMap((peer) => this.joined(line, peer));
    for (const { limbo } of this.#places.values()) {
      if (limbo !== undefined) limbo.until = now + LIMBO_MS;
    }
    return changes;
  }

  joined(line: number, peer: Peer): Change[] {
    const place = this.#places.get(peer.client_id);
    if (place === undefined) return [joinedOf(this.#add(peer, line))];
    // A new connection in place of the one that is known there.
    const anew = place.lines.get(line) === 'here' && place.lines.size === 1;
    const broke = place.limbo?.broke === true;
    place.limbo = undefined;
    place.lines.set(line, 'here');
    if (broke) return [this.#sealed ? joinedOf(place) : tornOf(place)];
    return anew ? [joinedOf(place)] : [];
  }

  /**
   * `newest`: of our lines whose relays have let us in. `settled`: the room has not moved on from `line`, as far as we know, so
   * that who leaves has left. `late`: who moves on now may have waited for us in vain; `just_here`: so it may have if we are on a
   * newer line.
   */
  left(
    line: number,
    { client_id, slot, reason }: Left,
    {
      newest,
      settled,
      late,
      just_here,
      now,
    }: { newest: number; settled: boolean; late: boolean; just_here: boolean; now: number },
  ): Change[] {
    const place = this.#places.get(client_id);
    if (place === undefined) {
      // Somebody whom we know from before, or not at all.
      return reason === 'gone' ? [{ type: 'left', client_id, slot, reason }] : [];
    }
    if (reason === 'moved') {
      if (!place.lines.has(line)) return [];
      place.lines.set(line, 'moved');
      const blind = newest === line;
      const in_vain = late && (blind || just_here) && !this.#sealed;
      if (this.hearsOn(client_id, line + 1) !== undefined) return in_vain ? [tornOf(place)] : [];
      // On a newer line it may just have been told later.
      place.limbo ??= { until: now + (blind ? BLIND_LIMBO_MS : LIMBO_MS), broke: in_vain };
      return [];
    }
    const was_sending = this.#sendsOn(place, line);
    if (!place.lines.delete(line) && reason !== 'gone') return [];
    // Where it has said that it goes on there, nothing is left of it.
    const stays = [...place.lines].some(([other, stand]) => stand === 'here' || other > line);
    if (stays) return was_sending && reason === 'resuming' && !this.#sealed ? [tornOf(place)] : [];
    if (reason === 'gone') return [this.#leave(place, 'gone')];
    place.lines.clear();
    if (settled) return [this.#leave(place, 'resuming')];
    place.limbo ??= { until: now + LIMBO_MS, broke: true };
    return [];
  }

  /**
   * A line of ours is over: who was on that alone has some time to come to another. Who still sent there may have been cut off.
   */
  ended(line: number, now: number): Torn[] {
    const torn: Torn[] = [];
    for (const place of this.#places.values()) {
      const { lines } = place;
      const was_sending = this.#sendsOn(place, line);
      if (!lines.delete(line)) continue;
      if (lines.size === 0) place.limbo ??= { until: now + LIMBO_MS, broke: true };
      else if (was_sending && !this.#sealed) torn.push(tornOf(place));
    }
    return torn;
  }

  /** Those who did not come in time have left. */
  expire(now: number): Change[] {
    const late = [...this.#places.values()].filter(({ limbo }) => limbo !== undefined && limbo.until <= now);
    return late.map((place) => this.#leave(place, 'resuming'));
  }

  /** When the time of the first is over. */
  get deadline(): number {
    let due = Infinity;
    for (const { limbo } of this.#places.values()) due = Math.min(due, limbo?.until ?? Infinity);
    return due;
  }

  #sendsOn({ client_id, lines }: Place, line: number): boolean {
    return lines.get(line) === 'here' && !this.isEarly(client_id, line);
  }

  #add({ client_id, slot: wanted }: Peer, line: number): Place {
    let slot = wanted;
    while (slot === this.own_slot || this.#slots.has(slot)) slot = (slot + 1) % (MAX_SLOT + 1);
    const place: Place = { client_id, slot, lines: new Map([[line, 'here']]), limbo: undefined };
    this.#places.set(client_id, place);
    this.#slots.set(slot, place);
    return place;
  }

  #leave({ client_id, slot }: Place, reason: 'resuming' | 'gone'): Left {
    this.#places.delete(client_id);
    this.#slots.delete(slot);
    return { type: 'left', client_id, slot, reason };
  }
}

const joinedOf = ({ client_id, slot }: Place): Joined => ({ type: 'joined', client_id, slot });
const tornOf = ({ client_id, slot }: Place): Torn => ({ type: 'torn', client_id, slot });
