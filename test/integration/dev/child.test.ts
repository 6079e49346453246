import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { endChild, killChildren, startChild } from '../../../dev/child.ts';
import { lineLog } from '../../support/line-log.ts';
import { survivors } from '../../support/processes.ts';

const script = (name: string) => new URL(`../../support/fixtures/processes/${name}.ts`, import.meta.url);
afterEach(killChildren);

function start(name: string) {
  const log = lineLog();
  const child = startChild(script(name), { env: process.env, prefix: '[it] ', print: log.print });
  return { child, log };
}

describe('a process of the local stack', () => {
  it('has its output printed behind its name', async () => {
    const { log } = start('idle');
    expect(await log.printed(/idle/)).toBe('[it] idle');
  });

  it('ends when it is asked to', async () => {
    const { child, log } = start('idle');
    await log.printed(/idle/);
    await endChild(child, 60_000);
    expect(child.signalCode).toBe('SIGTERM');
    await endChild(child, 60_000);
  });

  it('is killed when it does not end in time', async () => {
    const { child, log } = start('stubborn');
    await log.printed(/stubborn/);
    await endChild(child, 100);
    expect(log.text()).toContain('[it] no');
    expect(child.signalCode).toBe('SIGKILL');
  });

  it('ends when the channel to its parent is gone, whatever it is doing', async () => {
    const { child, log } = start('stubborn');
    await log.printed(/stubborn/);
    child.disconnect();
    await once(child, 'exit');
    expect(child.exitCode).toBe(1);
  });

  it('is killed with all others at once', async () => {
    const started = [start('stubborn'), start('stubborn')];
    await Promise.all(started.map(({ log }) => log.printed(/stubborn/)));
    killChildren();
    expect(await survivors(started.map(({ child }) => child.pid))).toEqual([]);
  });
});
