/** What comes between a page and the router. */
import type { Page } from 'playwright-core';
import { PROBLEMS } from '../../shared/protocol/problem.ts';
import type { ProblemCode } from '../../shared/protocol/problem.ts';

/** Keeps back what the page asks of the router at `path` until the returned function is called. */
export async function hold(page: Page, path: string): Promise<() => void> {
  const released = Promise.withResolvers<void>();
  await page.route(`**${path}`, async (route) => {
    await released.promise;
    await route.continue();
  });
  return released.resolve;
}

/** Keeps back what the router answers to the next request at `path` until `release` is called. */
export async function holdAnswer(
  page: Page,
  path: string,
): Promise<{ answered: Promise<void>; release: () => void }> {
  const [answered, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await page.route(
    `**${path}`,
    async (route) => {
      const response = await route.fetch();
      answered.resolve();
      await released.promise;
      await route.fulfill({ response });
    },
    { times: 1 },
  );
  return { answered: answered.promise, release: released.resolve };
}

/** Answers the next request at `path` in place of the router, and refuses it. */
export async function refuse(page: Page, path: string, code: ProblemCode): Promise<void> {
  const { status } = PROBLEMS[code];
  await page.route(
    `**${path}`,
    (route) =>
      route.fulfill({
        status,
        contentType: 'application/problem+json',
        headers: { 'access-control-allow-origin': '*' },
        json: { status, code, title: code, detail: 'Refused for once.' },
      }),
    { times: 1 },
  );
}
