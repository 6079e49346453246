/** The load generator is C: it is compiled here, where it is needed. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './brokers.ts';

const SOURCES = join(import.meta.dirname, 'load');
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/anteroom-bench');
const FLAGS = ['-O2', '-std=gnu11'];
const TLS_FLAGS = ['-DWITH_TLS'];
const TLS_LIBRARIES = ['-lssl', '-lcrypto'];

export interface LoadProgram {
  path: string;
  /** Whether it was built with OpenSSL. */
  tls: boolean;
}

/** How to get what is missing, for people. */
export class NoCompiler extends Error {}

function hasOpenSsl(compiler: string): boolean {
  const probe = '#include <openssl/ssl.h>\nint main(void) { return TLS_client_method() == 0; }\n';
  return (
    spawnSync(compiler, ['-x', 'c', '-o', '/dev/null', '-', ...TLS_LIBRARIES], { input: probe }).status === 0
  );
}

/** Compiles the generator unless these very sources are compiled already. Throws {@link NoCompiler}. */
export function buildLoad(): LoadProgram {
  const compiler = ['cc', 'gcc', 'clang'].map(findProgram).find((path) => path !== undefined);
  if (compiler === undefined) {
    throw new NoCompiler(
      'The load generator is written in C, and there is no C compiler here. On Debian: apt install gcc libc6-dev libssl-dev',
    );
  }
  const tls = hasOpenSsl(compiler);
  const files = readdirSync(SOURCES)
    .filter((name) => /\.[ch]$/.test(name))
    .sort();
  const hash = createHash('sha256').update(JSON.stringify([compiler, tls, FLAGS]));
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(SOURCES, file)));
  const path = join(CACHE, `load-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(path)) return { path, tls };

  mkdirSync(CACHE, { recursive: true });
  // Another run of the command may do the same at this moment.
  const partial = `${path}.${process.pid}`;
  const sources = files.filter((name) => name.endsWith('.c')).map((name) => join(SOURCES, name));
  const { status, stderr } = spawnSync(
    compiler,
    [
      ...FLAGS,
      ...(tls ? TLS_FLAGS : []),
      '-o',
      partial,
      ...sources,
      ...(tls ? TLS_LIBRARIES : []),
      '-lm',
      '-pthread',
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) {
    throw new NoCompiler(
      `The load generator does not compile; its headers may be missing (apt install libc6-dev).\n${stderr.slice(0, 2_000)}`,
    );
  }
  renameSync(partial, path);
  return { path, tls };
}
