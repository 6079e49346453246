import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnRouter, takePort } from '../../dev/router-process.ts';
import { lineLog } from './line-log.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/router', import.meta.url));

/** The router process of the local stack on a copy of the fixture service. `change` may change the copy before. */
export async function startFixtureRouter(change: (folder: string) => void = () => undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'anteroom-router-'));
  cpSync(FIXTURE, folder, { recursive: true });
  change(folder);
  const log = lineLog();
  const { socket, port } = await takePort(0);
  const router = spawnRouter(process.env, log.print);
  const stop = async (): Promise<void> => {
    await router.end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await router.start(
      {
        kind: 'start',
        manifest: join(folder, 'serverless.yml'),
        run: join(folder, 'run'),
        region: 'local',
        store: 'memory',
        page: { root: join(folder, 'web'), cache: join(folder, 'cache'), lazy: true },
        env: {},
      },
      socket,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://localhost:${port}`,
    port,
    router,
    log,
    /** Changes one file of the copy. */
    edit(file: string, change: (text: string) => string): void {
      const path = join(folder, file);
      writeFileSync(path, change(readFileSync(path, 'utf8')));
    },
    stop,
  };
}

export type FixtureRouter = Awaited<ReturnType<typeof startFixtureRouter>>;
