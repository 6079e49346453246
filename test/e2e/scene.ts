/** Where the tests of the page play: one stack, one browser and one built page for all of them. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { startStack } from '../support/stack.ts';
import type { Stack } from '../support/stack.ts';
import { serveBuiltPage } from './built-page.ts';
import type { BuiltPage } from './built-page.ts';
import { meet, Visitor } from './visitor.ts';

/** Set while tests run that call {@link useScene}. */
export const scene = {} as { stack: Stack; browser: Browser; built: BuiltPage };

let visitors: Visitor[] = [];

/** Sets the scene for the tests of a file; `env`: of its stack. After each of them no page may have complained. */
export function useScene(env: Record<string, string> = {}): void {
  beforeAll(async () => {
    const [stack, browser] = await Promise.all([
      startStack({ env: { STORE: 'memory', ...env } }),
      launchBrowser(),
    ]);
    Object.assign(scene, { stack, browser });
    scene.built = await serveBuiltPage(stack.url);
  }, 90_000);

  afterAll(async () => {
    const { stack, browser, built } = scene as Partial<typeof scene>;
    await Promise.all([browser?.close(), built?.stop(), stack?.stop()]);
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await report();
    const complaints = visitors.flatMap((visitor) => visitor.complaints);
    await Promise.all(visitors.map((visitor) => visitor.goAway()));
    visitors = [];
    if (complaints.length > 0) throw new Error(`a page complained: ${complaints.join('; ')}`);
  });
}

/** What a test that fails leaves behind: the page of each visitor, and what the stack has printed. */
async function report(): Promise<void> {
  for (const who of visitors) {
    await who.picture(`failed-${who.name}`);
    process.stderr.write(`${who.name} sees:\n${await who.page.innerText('body')}\n`);
  }
  process.stderr.write(`The stack printed:\n${scene.stack.output()}\n`);
}

type Options = Parameters<typeof Visitor.arrive>[3];

/** Somebody with a browser of their own. `home`: default the built page. */
export async function visitor(name: string, options?: Options, home = scene.built.url): Promise<Visitor> {
  const arrived = await Visitor.arrive(scene.browser, home, name, options);
  visitors.push(arrived);
  return arrived;
}

/** Two people in a room, each with a browser. */
export async function pair(seats?: number, home = scene.built.url) {
  const ada = await visitor('Ada', {}, home);
  const grace = await visitor('Grace', { colorScheme: 'dark' }, home);
  return { ada, grace, ...(await meet(ada, grace, seats)) };
}
