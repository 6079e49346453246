import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_PHASE, step } from '../../../client/src/machine.ts';
import type { Effect, MachineEvent, Phase } from '../../../client/src/machine.ts';
import { closed, context, network, NOW, problem, refused } from './machine-fixtures.ts';

describe('any phase', () => {
  const events: MachineEvent[] = [
    { type: 'securing' },
    { type: 'welcome' },
    closed(1006),
    closed(4401),
    closed(4409),
    closed(4503),
    { type: 'dead' },
    { type: 'reopening', code: 1006, reason: '' },
    { type: 'moved' },
    { type: 'due' },
    { type: 'woke' },
    { type: 'told' },
    { type: 'granted' },
    refused(network()),
    refused(problem('room_not_found')),
    { type: 'leave' },
  ];

  type UnderWay = 'nothing' | 'socket' | 'timer' | 'request';
  /** What must be under way for an effect, and what is after it. */
  const EFFECTS: Record<Effect['do'], { needs: UnderWay[]; gives: UnderWay }> = {
    cancel: { needs: ['timer', 'request'], gives: 'nothing' },
    hang_up: { needs: ['socket'], gives: 'nothing' },
    open: { needs: ['nothing'], gives: 'socket' },
    ask: { needs: ['nothing'], gives: 'request' },
    wait: { needs: ['nothing'], gives: 'timer' },
  };
  const PHASES: Record<Phase['at'], UnderWay> = {
    opening: 'socket',
    securing: 'socket',
    live: 'socket',
    waiting: 'timer',
    asking: 'request',
    closed: 'nothing',
  };
  /** These tell that what was under way has ended. */
  const ENDS = new Set<MachineEvent['type']>(['closed', 'dead', 'due', 'granted', 'refused']);

  it('has exactly one thing under way, and nothing more once it is closed', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 40 }), (sequence) => {
        let phase = FIRST_PHASE;
        let under_way: UnderWay = 'socket';
        let now = NOW;
        for (const event of sequence) {
          const before: Phase = phase;
          const next = step(before, event, context((now += 500)));
          phase = next.phase;
          expect(before.at !== 'closed' || (phase === before && next.effects.length === 0)).toBe(true);
          if (phase !== before && ENDS.has(event.type)) under_way = 'nothing';
          for (const effect of next.effects) {
            expect(EFFECTS[effect.do].needs).toContain(under_way);
            under_way = EFFECTS[effect.do].gives;
          }
          expect(under_way).toBe(PHASES[phase.at]);
        }
      }),
    );
  });
});
