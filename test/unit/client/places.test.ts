import { describe, expect, it } from 'vitest';
import { Places } from '../../../client/src/engine/places.ts';

const ANN = { client_id: 'ann', slot: 1 };
const MOVED = { type: 'left', ...ANN, reason: 'moved' } as const;

/** Ann and we were on line 0, and are on line 1, too; her slot there is another. */
function moved(sealed = false): Places {
  const places = new Places(0, 7, [[ANN.client_id, ANN.slot]], sealed);
  places.welcome(1, [{ ...ANN, slot: 4 }], 1_000);
  return places;
}

describe('somebody who goes over to a newer line', () => {
  const how = { newest: 1, settled: false, late: false, just_here: false, now: 1_001 };

  it.each([
    ['is not told of where it did so in time', { late: false, just_here: true }, false],
    ['is not told of where we have been there for long', { late: true, just_here: false }, false],
    ['may have done so without us where we have just come', { late: true, just_here: true }, true],
  ])('%s', (_, when, told) => {
    const torn = { type: 'torn', ...ANN };
    expect(moved().left(0, MOVED, { ...how, ...when })).toEqual(told ? [torn] : []);
    expect(moved(true).left(0, MOVED, { ...how, ...when })).toEqual([]);
  });

  it('still hears us on the older one, where it has not waited for us, and is told when we come', () => {
    const places = new Places(0, 7, [[ANN.client_id, ANN.slot]], false);
    expect(places.left(0, MOVED, { ...how, newest: 0, late: true })).toEqual([]);
    expect(places.welcome(1, [{ ...ANN, slot: 4 }], 2_000)).toEqual([{ type: 'torn', ...ANN }]);
    // Otherwise it would get twice what we say to all there.
    expect([...places.hearing(0)]).toEqual([['ann', 0]]);
  });

  it('is heard where it goes on, and is not told twice', () => {
    const places = moved();
    expect(places.isEarly('ann', 1)).toBe(true);
    places.left(0, MOVED, { ...how, late: true, just_here: true });
    expect(places.isEarly('ann', 1)).toBe(false);
    expect(places.ended(0, 2_000)).toEqual([]);
    expect([...places.hearing(0)]).toEqual([['ann', 1]]);
  });
});
