import { expect, it } from 'vitest';
import { Turns, type Paused } from '../../../stream-task/turns.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('tells of the end of a turn once, also those that were dirtied while others were told', async () => {
  const turns = new Turns();
  const told: string[] = [];
  turns.flushLater({
    turnEnded() {
      told.push('a');
      turns.flushLater({ turnEnded: () => told.push('b') });
    },
  });
  turns.flushLater({ turnEnded: () => told.push('c') });
  const { current } = turns;
  await turn();
  expect(told).toEqual(['a', 'c']);
  await turn();
  await turn();
  expect(told).toEqual(['a', 'c', 'b']);
  expect(turns.current).toBe(current + 2);
});

it('lets paused ones go on after what others sent is on its way, each once', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const paused = (name: string): Paused => ({ resume: () => order.push(name) > 0 });
  turns.resumeLater(paused('first'));
  turns.resumeLater(paused('second'));
  turns.flushLater({ turnEnded: () => order.push('sent') });
  await turn();
  await turn();
  expect(order).toEqual(['sent', 'first', 'second']);
});

it('asks those that could not go on before those that could, so that each comes to its turn', async () => {
  const turns = new Turns();
  const order: number[] = [];
  let budget = 0;
  /** Each wants to go on for ever, and two of them may in a turn. */
  const greedy = (name: number): Paused => ({
    resume() {
      if (budget === 0) return false;
      budget--;
      order.push(name);
      turns.resumeLater(this);
      return true;
    },
  });
  for (let name = 0; name < 5; name++) turns.resumeLater(greedy(name));
  for (let n = 0; n < 5; n++) {
    budget = 2;
    await turn();
  }
  expect(order).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
});
