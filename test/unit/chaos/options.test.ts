import { describe, expect, it } from 'vitest';
import { chaosOptions, repeatCommand, stackEnv } from '../../chaos/options.ts';
import { tampering } from '../../chaos/prove.ts';
import { summaryOf, verdict } from '../../chaos/report.ts';
import { Ledger } from '../../support/load/ledger.ts';
import { spoken } from '../../support/load/talk.ts';

const COMMANDS = [
  ['--seed', '7', '--minutes', '0.5', '--faults', 'kill,router'],
  ['--seed', '7', '--rolling', '--prove', 'lost'],
];

describe('the options of chaos', () => {
  it.each(COMMANDS)('are repeated by the command that they print: %s %s …', (...args) => {
    const options = chaosOptions(args, {});
    const [, command = ''] = repeatCommand(options).split('-- ', 2);
    expect(command).toContain('--seed 7 ');
    expect(chaosOptions(command.split(' '), {})).toEqual(options);
  });

  it.each([
    [['--minutes', 'long'], '--minutes must be a number from 0.02 up, not "long"'],
    [['--faults', 'kill,flood'], 'not flood'],
    [['--prove', 'nothing'], '--prove takes lost, doubled, leaked, not nothing'],
    [['--rooms', '3'], "Unknown option '--rooms'"],
  ])('%j are refused with a sentence', (args, sentence) => {
    expect(() => chaosOptions(args, {})).toThrow(sentence);
  });

  it('leave the settings of the stack to the environment', () => {
    const load = { tasks: 4, standing_rooms: 100, rooms_per_second: 0.5 };
    expect(stackEnv({ ...load, env: { LEASE: '30s' } })).toMatchObject({
      LEASE: '30s',
      HEARTBEAT: '3s',
      MAX_ROOMS: '150',
      ROOM_CAPACITY: '75',
    });
  });
});

describe('a report', () => {
  const options = chaosOptions(['--seed', '7'], {});

  it('says what the goals are and what was reached, and passes whatever that is', () => {
    const ledger = new Ledger();
    const fault = ledger.fault('kill', 'task-1');
    fault.at -= 4_000;
    ledger.recovered(fault);
    ledger.pose_gaps.hit.push(120);
    const summary = summaryOf(options, ledger);
    expect(summary.passed).toBe(true);
    expect(summary.goals.map(({ met }) => met)).toEqual([false, true]);
    expect(verdict(summary)).toMatch(/MISSED: recovery after kill -9, p95: 4\d{3} ms of 3000 ms/);
    expect(verdict(summary)).toContain('passed; repeat: npm run chaos -- ');
  });

  it('of a breach fails, with the faults around it and the command that repeats it', () => {
    const ledger = new Ledger();
    ledger.fault('term', 'task-2');
    ledger.breach('a message was lost');
    const summary = summaryOf(options, ledger);
    expect(summary.passed).toBe(false);
    expect(verdict(summary)).toMatch(
      /FAILED with 1 breaches:\n {2}- 0\.\d s: a message was lost\n {6}0\.\d s: term of task-2, not over\nrepeat: .*--seed 7 /,
    );
  });
});

describe('what is broken on purpose', () => {
  const text = (n: number, room: number) => spoken({ room, n, breaks: 0, at: 5 }, 0);
  const heard = (proof: 'lost' | 'doubled', room = 3, sealed = true) => {
    const tamper = tampering(proof, 3)!;
    return [1, 7, 8, 9]
      .flatMap((n) => tamper(text(n, room), sealed))
      .map((said) => Number(said.split(' ')[1]));
  };

  it('is one message of a sealed room that stays, once others have been heard', () => {
    expect(heard('lost')).toEqual([1, 7, 9]);
    expect(heard('doubled')).toEqual([1, 7, 8, 8, 9]);
    expect(heard('lost', 4)).toEqual([1, 7, 8, 9]);
    expect(heard('lost', 3, false)).toEqual([1, 7, 8, 9]);
    expect(tampering(undefined, 3)).toBeUndefined();
  });
});
