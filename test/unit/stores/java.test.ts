import { chmod, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findJava, javaVersion } from '../../../dev/java.ts';

describe('the version of a Java', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_452"', 8],
    ['openjdk version "25" 2025-09-16', 25],
    ['command not found', undefined],
  ])('%s is %s', (output, version) => {
    expect(javaVersion(output)).toBe(version);
  });
});

describe('the search for a Java', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'anteroom-java-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** An executable `java` that says it is of this version. */
  async function installJava(home: string, version: string): Promise<void> {
    await mkdir(join(home, 'bin'), { recursive: true });
    const path = join(home, 'bin', 'java');
    await writeFile(path, `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`);
    await chmod(path, 0o755);
  }

  it('prefers JAVA_HOME', async () => {
    await installJava(join(directory, 'home'), '21.0.1');
    await installJava(join(directory, 'path'), '17.0.1');
    const env = { JAVA_HOME: join(directory, 'home'), PATH: join(directory, 'path', 'bin') };
    expect(findJava(env)).toEqual({ path: join(directory, 'home', 'bin', 'java'), version: 21 });
  });

  it('takes the one on PATH where that of JAVA_HOME is too old', async () => {
    await installJava(join(directory, 'home'), '11.0.2');
    await installJava(join(directory, 'path'), '17.0.1');
    const env = { JAVA_HOME: join(directory, 'home'), PATH: join(directory, 'path', 'bin') };
    expect(findJava(env)).toEqual({ path: 'java', version: 17 });
  });

  it('says which version there is if it is too old', async () => {
    await installJava(directory, '1.8.0_452');
    expect(findJava({ PATH: join(directory, 'bin') })).toEqual({
      missing: 'Java 17 or newer is needed, but this is Java 8',
    });
  });

  it('says that there is none', () => {
    expect(findJava({ PATH: directory })).toEqual({
      missing: 'no Java 17 or newer was found in JAVA_HOME or on PATH',
    });
  });
});
