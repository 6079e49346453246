/** The package as its users get it: packed, installed into an empty project, type-checked and run. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, startRouter } from './setup.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);
let project = '';
const installed = (...path: string[]): string =>
  join(project, 'node_modules', '@anteroom', 'client', ...path);

/** Uses every export, value and type. */
const CONSUMER = `
import {
  AnteroomError, CLOSE, createRoom, createUnencryptedRoom, FRAME_CLASS, fullJitter, joinRoom, joinUnencryptedRoom, parseLink,
} from '@anteroom/client';
import type {
  CloseCode, CloseReason, CongestionLevel, ConnectionState, ConnectOptions, CreateRoomOptions, CreateUnencryptedRoomOptions,
  EntryProgress, ErrorCode, Fault,
  Frame, FrameClass, FullJitterOptions, JoinRoomOptions, JoinUnencryptedRoomOptions, LinkReading, Member, Message, MoveOptions,
  ProblemCode, ReconnectPolicy, RelayLimits, Room, RoomEvents, SealedRoom, Security, SendOptions, UnreadableReason,
} from '@anteroom/client';

export type Everything = [
  CloseCode, CloseReason, CongestionLevel, ConnectionState, ConnectOptions, CreateRoomOptions, CreateUnencryptedRoomOptions,
  EntryProgress, ErrorCode, Fault,
  Frame, FrameClass, FullJitterOptions, JoinRoomOptions, JoinUnencryptedRoomOptions, LinkReading, Member, Message, MoveOptions,
  ProblemCode, ReconnectPolicy, RelayLimits, Room, RoomEvents, SealedRoom, Security, SendOptions, UnreadableReason,
];

/** The same in a sealed room. */
async function whisper(router: string): Promise<string[]> {
  const made: CreateRoomOptions = { router, page: 'https://app.example/' };
  const ann: SealedRoom = await createRoom(made);
  const arrived = new Promise<Member>((resolve) => ann.on('joined', resolve));
  const options: JoinRoomOptions = { router };
  const bob: SealedRoom = await joinRoom(ann.link, options);
  const heard = new Promise<Message>((resolve) => bob.on('message', resolve));
  const { sealed } = await arrived;
  ann.sendText('sealed');
  const text = (await heard).text();
  const reading: LinkReading = parseLink(ann.link);
  const security: Security = bob.security;
  await Promise.all([ann.leave(), bob.leave()]);
  return [text, String(sealed), reading.kind, security.status];
}

export async function talk(router: string): Promise<string[]> {
  const heard: string[] = [];
  const reconnect: ReconnectPolicy = fullJitter({ cap_ms: 1_000 });
  const ann: Room = await createUnencryptedRoom({ router, reconnect });
  const joined = new Promise<Member>((resolve) => ann.on('joined', resolve));
  const bob = await joinUnencryptedRoom({ router, room_id: ann.room_id });
  await joined;
  const both = new Promise<void>((resolve) => {
    bob.on('message', (message: Message) => {
      const text: string = message.text();
      heard.push(text);
      if (heard.length === 2) resolve();
    });
  });
  ann.sendText('to all');
  ann.send(FRAME_CLASS.MSG, new TextEncoder().encode('to bob'), { to: bob.client_id });
  await both;
  try {
    await joinUnencryptedRoom({ router, room_id: 'x' });
  } catch (error) {
    if (error instanceof AnteroomError) heard.push(error.code satisfies ErrorCode);
  }
  const code: CloseCode = CLOSE.REPLACED;
  heard.push(String(code));
  await ann.leave();
  await bob.leave();
  heard.push(...(await whisper(router)));
  // @ts-expect-error: there is no such event, so the types are not any.
  ann.on('no_such_event', () => undefined);
  return heard;
}
`;

/** Says what was heard, and which timers would keep the process running although all rooms were left. */
const MAIN = `
import { talk } from './consumer.js';
declare const process: {
  env: Record<string, string | undefined>;
  stdout: { write(text: string): void };
  getActiveResourcesInfo(): string[];
};
const heard = await talk(process.env['ROUTER']!);
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
process.stdout.write(JSON.stringify({ heard, timers }));
`;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'anteroom-consumer-'));
  const tarballs = join(project, 'tarballs');
  await mkdir(tarballs);
  await run('npm', ['pack', '--workspace', 'client', '--pack-destination', tarballs], {
    cwd: ROOT,
    timeout: 90_000,
  });
  const [tarball = ''] = await readdir(tarballs);
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await writeFile(join(project, 'consumer.ts'), CONSUMER);
  await writeFile(join(project, 'main.ts'), MAIN);
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', join(tarballs, tarball)];
  await run('npm', install, { cwd: project, timeout: 90_000 });
}, 120_000);

afterAll(async () => {
  if (project !== '') await rm(project, { recursive: true, force: true });
});

/** Type-checks the consumer; `types`: packages of types that it has besides the SDK's own. */
async function compile(options: Record<string, unknown>): Promise<void> {
  const config = {
    compilerOptions: {
      target: 'ES2022',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      outDir: 'out',
      ...options,
    },
    files: ['consumer.ts', 'main.ts'],
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(config));
  await run(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', project]).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
}

describe('the packed SDK', { timeout: 60_000 }, () => {
  it('brings its bundles, declarations, README and licence, and depends on tweetnacl and ws alone', async () => {
    const files = await readdir(installed());
    expect(files.toSorted()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    expect(await readFile(installed('LICENSE'), 'utf8')).toBe(await readFile(join(ROOT, 'LICENSE'), 'utf8'));
    const packages = await readdir(join(project, 'node_modules'));
    expect(packages.filter((name) => !name.startsWith('.'))).toEqual(['@anteroom', 'tweetnacl', 'ws']);
  });

  it('needs nothing of Node in a page, and no other package', async () => {
    const files = (await readdir(installed('dist'))).filter((name) => name.endsWith('.js'));
    const pages = files.filter((name) => name !== 'node.js');
    expect(pages).toEqual(expect.arrayContaining(['index.js', 'worker.js']));
    for (const file of pages) {
      const source = await readFile(installed('dist', file), 'utf8');
      expect(source).not.toMatch(/\bnode:|\brequire\s*\(|\bBuffer\b|\bprocess\./);
      const imports = [
        ...source.matchAll(/^(?:import|export)\b[^;]*?from "([^"]+)"|\bimport\("([^"]+)"\)/gm),
      ];
      for (const [, name = '', late = ''] of imports) {
        expect(files.map((file) => `./${file}`)).toContain(name + late);
      }
    }
  });

  it('names its Worker as bundlers find it', async () => {
    const source = await readFile(installed('dist', 'index.js'), 'utf8');
    expect(source).toContain('new Worker(new URL("./worker.js", import.meta.url), { type: "module"');
    // The page itself does not load what runs in there.
    expect(source).not.toContain('nacl');
  });

  it.each([
    ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext' }],
    ['a bundler', { module: 'esnext', moduleResolution: 'bundler' }],
  ])('has types for %s, without types of anything else', async (_, resolution) => {
    await expect(compile({ ...resolution, lib: ['ES2022', 'DOM'], types: [] })).resolves.toBeUndefined();
  });

  it('has types for Node without the DOM, and runs there', async () => {
    await mkdir(join(project, 'node_modules', '@types'), { recursive: true });
    await symlink(
      join(ROOT, 'node_modules', '@types', 'node'),
      join(project, 'node_modules', '@types', 'node'),
    );
    await compile({
      module: 'nodenext',
      moduleResolution: 'nodenext',
      lib: ['ES2022'],
      types: ['node'],
    });
    const relay = await startRelay();
    const router = await startRouter(relay.url);
    const { stdout } = await run(process.execPath, [join(project, 'out', 'main.js')], {
      env: { ...process.env, ROUTER: router.url },
      timeout: 15_000,
    });
    expect(JSON.parse(stdout)).toEqual({
      heard: ['to all', 'to bob', 'invalid_argument', '4409', 'sealed', 'true', 'link', 'sealed'],
      timers: [],
    });
  });
});
