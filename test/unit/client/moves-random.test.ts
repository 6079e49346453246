/** Rooms that move while their members talk, with everything that is under way coming in random order. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Town } from '../../support/moving/town.ts';
import type { Townsman } from '../../support/moving/town.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What happens next: something under way comes, somebody says something, or the next event of the story is due. */
const STEP = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('deliver' as const), which: fc.nat(60) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('say' as const), who: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('whisper' as const), who: fc.nat(9), whom: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('go on' as const) }) },
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

/** Whom each must have heard in full: whoever was told to be here when it was said, and was here throughout. */
function expectHeard(listener: Townsman, speaker: Townsman, complete: boolean): void {
  const heard = listener.heard.get(speaker.client_id) ?? [];
  expect(heard, 'in order, each once').toEqual([...new Set(heard)].sort((a, b) => a - b));
  if (!complete) return;
  const meant = speaker.said.flatMap(({ to, others }, number) =>
    others.includes(listener.client_id) && (to ?? listener.client_id) === listener.client_id ? [number] : [],
  );
  expect(heard).toEqual(expect.arrayContaining(meant));
  const alone = speaker.said.flatMap(({ to }, number) =>
    to === undefined || to === listener.client_id ? [] : [number],
  );
  expect(heard.filter((number) => alone.includes(number))).toEqual([]);
}

async function play(
  sealed: boolean,
  steps: readonly Step[],
  storyOf: (town: Town) => Promise<(() => Promise<void> | void)[]>,
): Promise<Town> {
  const town = new Town(sealed);
  const story = await storyOf(town);
  const clientOf = (number: number): Townsman => town.clients[number % town.clients.length]!;
  for (const step of steps) {
    if (step.do === 'deliver') town.step(step.which);
    if (step.do === 'say') clientOf(step.who).say();
    if (step.do === 'whisper') {
      const whom = clientOf(step.whom).client_id;
      if (clientOf(step.who).others.has(whom)) clientOf(step.who).say(whom);
    }
    if (step.do === 'go on') await story.shift()?.();
  }
  for (const event of story) await event();
  town.settle();
  // Whoever waits for others has waited for long enough.
  town.pass(4_000, (ms) => vi.advanceTimersByTime(ms));
  return town;
}

const SCHEDULE = fc.array(STEP, { minLength: 40, maxLength: 160 });
/** For how long a relay goes on with a room that has moved, ms, where it says so: with time to spare. */
const DEADLINE = fc.constantFrom(undefined, 8_000);
const BOUNDS = {
  numRuns: 60,
  interruptAfterTimeLimit: 4_000,
  markInterruptAsFailure: false,
};

describe.each([
  { room: 'an unencrypted room', sealed: false },
  { room: 'a sealed room', sealed: true },
])('$room that moves', ({ sealed }) => {
  it('loses nothing, shows nothing twice, and keeps the order of each sender', async () => {
    await fc.assert(
      fc.asyncProperty(SCHEDULE, DEADLINE, async (steps, deadline_ms) => {
        const town = await play(sealed, steps, async (place) => {
          const relays = [1, 2, 3].map((epoch) => place.relay(epoch));
          for (let n = 0; n < 3; n++) await place.enter(relays[0]!);
          place.settle();
          for (const { told } of place.clients) told.length = 0;
          return [
            () => place.move(relays[1]!, deadline_ms),
            // Somebody comes who was never where the others were.
            async () => void (await place.enter(relays[1]!)),
            () => place.move(relays[2]!, deadline_ms),
          ];
        });
        try {
          for (const listener of town.clients) {
            for (const speaker of town.clients) {
              if (speaker !== listener) expectHeard(listener, speaker, true);
            }
            const moves = /^(arrived|strayed) /;
            const events = listener.told.filter((line) => !moves.test(line));
            const newcomer = town.clients[3]!.client_id;
            const came = town.clients
              .filter(({ client_id }) => (client_id === newcomer) !== (listener.client_id === newcomer))
              .map(({ client_id }) => `joined ["${client_id}"]`);
            expect([...new Set(events)]).toEqual(events);
            expect(came).toEqual(expect.arrayContaining(events));
            expect(listener.others.size).toBe(3);
          }
          expect(town.whereabouts()).toEqual([0, 0, 4]);
        } finally {
          town.dispose();
        }
      }),
      BOUNDS,
    );
  });

  it('shows nothing twice and keeps the order of each sender, whichever relay dies meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(SCHEDULE, fc.constantFrom(0, 1), async (steps, dies) => {
        const town = await play(sealed, steps, async (place) => {
          const relays = [1, 2, 3].map((epoch) => place.relay(epoch));
          for (let n = 0; n < 3; n++) await place.enter(relays[0]!);
          place.settle();
          return [
            () => place.move(relays[1]!),
            async () => void (await place.enter(relays[1]!)),
            () => {
              if (dies === 1) place.place = relays[2]!;
              relays[dies]!.kill();
            },
          ];
        });
        // Who is on the old one alone is told to have left, and comes.
        town.pass(20_000, (ms) => vi.advanceTimersByTime(ms));
        try {
          for (const listener of town.clients) {
            for (const speaker of town.clients) {
              if (speaker !== listener) expectHeard(listener, speaker, false);
            }
            expect(listener.others.size).toBe(3);
          }
          expect(town.whereabouts()).toEqual(dies === 1 ? [0, 0, 4] : [0, 4, 0]);
        } finally {
          town.dispose();
        }
      }),
      BOUNDS,
    );
  });
});
