import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { faultBoard, FaultError, type Target } from '../../../../dev/faults/board.ts';

const done: string[] = [];
const printed: string[] = [];
const mode = (name: string, ends_with?: string) => ({
  about: name,
  ...(ends_with === undefined ? {} : { ends_with }),
  apply: (value: number) => {
    done.push(`${name} ${value}`);
    return undefined;
  },
});
const targets: Target[] = [
  {
    name: 'line',
    alias: 'the-line',
    about: 'a line',
    state: () => 'fine',
    modes: {
      pass: mode('pass'),
      cut: mode('cut', 'pass'),
      slow: { ...mode('slow', 'pass'), argument: { name: 'ms', least: 1, most: 100 } },
      throttle: { ...mode('throttle', 'pass'), argument: { name: 'share', least: 0, most: 1, fallback: 1 } },
      freeze: mode('freeze', 'thaw'),
      thaw: mode('thaw'),
      closed: { ...mode('closed'), missing: 'not here: open it first' },
    },
  },
];
const board = faultBoard(
  () => targets,
  (line) => printed.push(line),
);
const order = (target: string, name: string, value?: number, for_ms?: number) =>
  board.order({ target, mode: name, value, for_ms });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  done.length = 0;
  printed.length = 0;
});
afterEach(() => {
  board.stop();
  vi.useRealTimers();
});

describe('the board of faults', () => {
  it('carries out an order and says what it did', async () => {
    expect(await order('line', 'slow', 50)).toBe('line slow 50 ms');
    expect(await order('the-line', 'throttle')).toBe('line throttle 1');
    expect(done).toEqual(['slow 50', 'throttle 1']);
  });

  it.each([
    ['nobody', 'cut', undefined, undefined, 'there is no target "nobody" now. There are: line'],
    ['line', 'burn', undefined, undefined, 'line has no mode "burn". It has: pass, cut, slow,'],
    ['line', 'toString', undefined, undefined, 'line has no mode "toString"'],
    ['line', 'slow', undefined, undefined, 'slow needs a number of milliseconds from 1 to 100'],
    ['line', 'slow', 0, undefined, 'slow needs a number of milliseconds from 1 to 100'],
    ['line', 'slow', Number.NaN, undefined, 'slow needs a number of milliseconds from 1 to 100'],
    ['line', 'throttle', 1.5, undefined, 'throttle needs a share from 0 to 1'],
    ['line', 'cut', 3, undefined, 'cut takes no number: "line cut"'],
    ['line', 'thaw', undefined, 1_000, 'thaw is over at once: leave out how long'],
    ['line', 'cut', undefined, 0, 'how long must be more than 0'],
    ['line', 'cut', undefined, 1e12, 'how long must be more than 0 and at most 24h'],
    ['line', 'closed', undefined, undefined, 'not here: open it first'],
  ] as const)(
    'refuses %s %s %s %s with a sentence, and does nothing',
    async (target, name, value, for_ms, said) => {
      const refused = order(target, name, value, for_ms);
      await expect(refused).rejects.toThrow(FaultError);
      await expect(refused).rejects.toThrow(said);
      expect(done).toEqual([]);
    },
  );

  it('ends a fault after its time, and says so', async () => {
    expect(await order('line', 'cut', undefined, 10_000)).toBe('line cut for 10 s');
    expect(board.list()[0]?.next).toEqual([{ mode: 'pass', in_ms: 10_000 }]);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(done).toEqual(['cut 0']);
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toEqual(['cut 0', 'pass 0']);
    expect(printed).toEqual(['fault: line pass']);
    expect(board.list()[0]?.next).toEqual([]);
  });

  it('what was to end one fault does not end the next one that it would have ended; others it leaves alone', async () => {
    await order('line', 'cut', undefined, 1_000);
    await order('line', 'freeze', undefined, 5_000);
    await order('line', 'slow', 10);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(done).toEqual(['cut 0', 'freeze 0', 'slow 10']);
    await vi.advanceTimersByTimeAsync(1);
    expect(done.at(-1)).toBe('thaw 0');
  });

  it('ended by hand before its time, it is not ended again', async () => {
    await order('line', 'cut', undefined, 1_000);
    await order('line', 'pass');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(done).toEqual(['cut 0', 'pass 0']);
  });
});
