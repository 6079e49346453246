import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** DynamoDB Local 3 is compiled for this version. */
export const JAVA_NEEDED = 17;

export type JavaSearch = { path: string; version: number } | { missing: string };

/** The major version in the output of `java -version`: 17 of `"17.0.15"`, 8 of `"1.8.0_452"`. */
export function javaVersion(output: string): number | undefined {
  const match = /version "(?:1\.)?([0-9]+)/.exec(output);
  return match === null ? undefined : Number(match[1]);
}

/** A Java of version 17 or newer: that of `JAVA_HOME`, else the one on `PATH`. `missing` is a sentence for people. */
export function findJava(env: NodeJS.ProcessEnv = process.env): JavaSearch {
  const home = env['JAVA_HOME'];
  const candidates = [...(home === undefined || home === '' ? [] : [join(home, 'bin', 'java')]), 'java'];
  let tooOld: number | undefined;
  for (const path of candidates) {
    // `java -version` prints to standard error.
    const { stderr, status } = spawnSync(path, ['-version'], { encoding: 'utf8', env, timeout: 20_000 });
    const version = status === 0 ? javaVersion(stderr) : undefined;
    if (version !== undefined && version >= JAVA_NEEDED) return { path, version };
    tooOld ??= version;
  }
  return {
    missing:
      tooOld === undefined
        ? `no Java ${JAVA_NEEDED} or newer was found in JAVA_HOME or on PATH`
        : `Java ${JAVA_NEEDED} or newer is needed, but this is Java ${tooOld}`,
  };
}
