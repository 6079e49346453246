/** A copy of the sources that can be changed: the repository itself is never touched. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutation } from './mutation.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the unit tests of the encryption read. */
const COPIED = [
  'client/package.json',
  'client/src',
  'docs',
  'package.json',
  'shared',
  'test/e2ee-model',
  'test/support',
  'test/unit/e2ee',
  'test/vectors',
  'tsconfig.json',
  'vitest.config.ts',
];

/** The text of a mutation is not there, or not once: the list has to follow the code. */
export class NoLongerApplies extends Error {
  override name = 'NoLongerApplies';
}

/** `source` with the mutation. */
export function mutated(source: string, { defence, file, find, replace }: Mutation): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    const times = parts.length - 1;
    throw new NoLongerApplies(
      `"${defence}" no longer applies: its text is in client/src/${file} ${times} times instead of once`,
    );
  }
  return parts.join(replace);
}

/** The source that a mutation changes, as it is in the repository. */
export function sourceOf({ file }: Mutation): Promise<string> {
  return readFile(join(ROOT, 'client/src', file), 'utf8');
}

export class Tree {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<Tree> {
    const path = await mkdtemp(join(tmpdir(), 'anteroom-mutate-'));
    for (const name of COPIED) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await cp(join(ROOT, name), join(path, name), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'));
    return new Tree(path);
  }

  /** What `use` resolves to, which finds the mutation in the tree. */
  async with<T>(mutation: Mutation, use: () => Promise<T>): Promise<T> {
    const file = join(this.path, 'client/src', mutation.file);
    const source = await readFile(file, 'utf8');
    await writeFile(file, mutated(source, mutation));
    try {
      return await use();
    } finally {
      await writeFile(file, source);
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
