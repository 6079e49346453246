/** Rooms that move, one thing at a time. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LONGEST_MOVE_MS, MOVE_ON_MS, SHARE_OF_MOVE } from '../../../client/src/engine/moving-on.ts';
import { LIMBO_MS } from '../../../client/src/engine/places.ts';
import { Town } from '../../support/moving/town.ts';
import type { Townsman } from '../../support/moving/town.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const heard = (listener: Townsman, speaker: Townsman) => listener.heard.get(speaker.client_id) ?? [];
const events = ({ told }: Townsman) => told.map((line) => line.split(' ')[0]);

describe.each([
  { room: 'an unencrypted room', sealed: false },
  { room: 'a sealed room', sealed: true },
])('$room that moves', ({ sealed }) => {
  /** Three clients on a relay, with another beside it. `stays`: the last of them goes nowhere. */
  async function movingTown(stays = false) {
    const town = new Town(sealed);
    const relays = [town.relay(1), town.relay(2)] as const;
    for (let n = 0; n < 3; n++) await town.enter(relays[0], !(stays && n === 2));
    town.settle();
    for (const { told } of town.clients) told.length = 0;
    const [a, b, c] = town.clients as [Townsman, Townsman, Townsman];
    const pass = (ms: number): void => town.pass(ms, (step) => vi.advanceTimersByTime(step));
    return { town, relays, a, b, c, pass };
  }

  it('waits for a member that stays behind, and no longer than so', async () => {
    const { town, relays, a, b, c, pass } = await movingTown(true);
    town.move(relays[1]);
    town.settle();
    expect(town.whereabouts()).toEqual([3, 2]);
    a.say();
    c.say();
    pass(MOVE_ON_MS - 1_000);
    expect([heard(b, a), heard(c, a), heard(a, c)]).toEqual([[0], [0], [0]]);
    pass(1_000);
    // They have moved on, but go on listening.
    a.say();
    c.say();
    town.settle();
    expect([heard(b, a), heard(c, a), heard(a, c)]).toEqual([[0, 1], [0], [0, 1]]);
    expect(town.whereabouts()).toEqual([3, 2]);
    // It comes, late: it was gone, but not for long.
    relays[0].kill();
    town.settle();
    c.say();
    town.settle();
    expect([heard(a, c), a.others.size, town.whereabouts()]).toEqual([[0, 1, 2], 2, [0, 3]]);
    // Only in a sealed room is what it missed sent again.
    expect(events(b)).toEqual(['arrived', ...(sealed ? [] : ['left']), 'joined']);
    town.dispose();
  });

  it('loses nothing for a member that stays behind, where the old relay says how long it goes on', async () => {
    const { town, relays, a, b, c, pass } = await movingTown(true);
    town.move(relays[1], 8_000);
    town.settle();
    pass(8_000 * SHARE_OF_MOVE - 1_000);
    a.say();
    pass(1_000);
    expect(heard(c, a)).toEqual([0]);
    a.say();
    // What is on its way on the old one is lost.
    relays[0].kill();
    town.settle();
    expect([heard(b, a), town.whereabouts()]).toEqual([
      [0, 1],
      [0, 3],
    ]);
    expect(events(b).filter((event) => event !== 'arrived')).toEqual(
      sealed ? ['joined'] : ['left', 'joined'],
    );
    town.dispose();
  });

  it('tells, where nothing is sent again, that some of what others said may be lost with the older connection', async () => {
    const { town, relays, a, b, c } = await movingTown(true);
    town.move(relays[1]);
    town.settle();
    relays[0].cut(b.client_id);
    a.say();
    town.settle();
    expect(heard(b, a)).toEqual(sealed ? [0] : []);
    const others = (who: Townsman) => who.told.filter((line) => line.endsWith(`["${a.client_id}"]`));
    const apart = ['left', 'joined'].map((event) => `${event} ["${a.client_id}"]`);
    expect([others(b), others(c)]).toEqual([sealed ? [] : apart, []]);
    expect(b.others.has(a.client_id)).toBe(true);
    town.dispose();
  });

  it('tells, where nothing is sent again, that some of what somebody said may be lost with its older connection', async () => {
    const { town, relays, a, b, c } = await movingTown(true);
    town.move(relays[1]);
    town.settle();
    b.say();
    relays[0].cut(b.client_id);
    town.settle();
    const apart = ['left', 'joined'].map((event) => `${event} ["${b.client_id}"]`);
    const of_b = (who: Townsman) => who.told.filter((line) => line.endsWith(`["${b.client_id}"]`));
    // To the one that stays behind b is gone, until it comes after it.
    expect([of_b(a), of_b(c)]).toEqual([sealed ? [] : apart, []]);
    expect(heard(a, b)).toEqual(sealed ? [0] : []);
    b.say();
    town.settle();
    expect(heard(a, b).at(-1)).toBe(1);
    town.dispose();
  });

  it('tells whoever comes when the others have moved on that it may have missed some', async () => {
    const { town, relays, a, b, c, pass } = await movingTown(true);
    town.move(relays[1], 8_000);
    town.settle();
    pass(7_000);
    a.say();
    c.engine.move(c.endpointAt(relays[1].url));
    town.settle();
    a.say();
    town.settle();
    expect(heard(c, a)).toEqual([1]);
    const apart = [a, b].flatMap(({ client_id }) => [`left ["${client_id}"]`, `joined ["${client_id}"]`]);
    expect(c.told.filter((line) => !line.startsWith('arrived'))).toEqual(sealed ? [] : apart);
    expect(events(a)).toEqual(['arrived']);
    town.dispose();
  });

  it('is told to be without a member that left, and did not come', async () => {
    const { town, relays, a, b, c, pass } = await movingTown(true);
    town.move(relays[1]);
    town.settle();
    c.engine.dispose();
    town.settle();
    pass(LIMBO_MS - 1_000);
    expect(events(a)).toEqual(['arrived']);
    pass(1_000);
    expect(events(a)).toEqual(['arrived', 'left']);
    expect([a.others, town.whereabouts()]).toEqual([new Set([b.client_id]), [0, 2]]);
    town.dispose();
  });

  it('is left at last where the old relay never ends it', async () => {
    const { town, relays, pass } = await movingTown(true);
    town.move(relays[1]);
    pass(LONGEST_MOVE_MS - 1_000);
    expect(town.whereabouts()).toEqual([3, 2]);
    pass(2_000);
    expect(town.whereabouts()).toEqual([1, 2]);
    town.dispose();
  });

  it('is served on by the old relay while the new one refuses', async () => {
    const { town, relays, a, b, pass } = await movingTown();
    relays[1].accepts = false;
    town.move(relays[1]);
    for (let n = 0; n < 200; n++) town.step(n);
    a.say();
    for (let n = 0; n < 200; n++) town.step(n);
    expect([heard(b, a), town.whereabouts()]).toEqual([[0], [3, 0]]);
    relays[1].accepts = true;
    pass(1_000);
    a.say();
    town.settle();
    expect([heard(b, a), town.whereabouts()]).toEqual([
      [0, 1],
      [0, 3],
    ]);
    expect(new Set(events(b))).toEqual(new Set(['strayed', 'arrived']));
    town.dispose();
  });

  it('whose old relay dies first is come to on the connection that is being opened', async () => {
    const { town, relays, a, b, pass } = await movingTown();
    town.move(relays[1]);
    // All are told, and set out.
    for (let n = 0; n < 6; n++) town.step(0);
    expect(town.whereabouts()).toEqual([3, 0]);
    relays[0].kill();
    pass(1_000);
    expect(town.whereabouts()).toEqual([0, 3]);
    a.say();
    town.settle();
    expect(heard(b, a)).toEqual([0]);
    expect(events(b).filter((event) => event === 'closed')).toEqual([]);
    town.dispose();
  });

  it('is left with a leave on both, and all who are left hear of it once', async () => {
    const { town, relays, a, b, c } = await movingTown(true);
    town.move(relays[1]);
    town.settle();
    const leaving = a.engine.hangUp(true);
    await vi.advanceTimersByTimeAsync(0);
    town.settle();
    await leaving;
    expect(town.whereabouts()).toEqual([2, 1]);
    expect([events(b), events(c)]).toEqual([['arrived', 'left'], ['left']]);
    town.dispose();
  });
});
