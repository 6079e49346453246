import type { TestProject } from 'vitest/node';
import { findJava, startDynamoDbLocal, type DynamoDbLocal } from '../../dev/dynamodb-local.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where DynamoDB Local answers for the whole run, or why there is none. */
    dynamodb: { endpoint: string } | { missing: string };
  }
}

interface Shared {
  users: number;
  local: Promise<DynamoDbLocal>;
}

/** Vitest runs this for each of its projects, each time as another module, but in one process. */
const RUNNING = Symbol.for('anteroom.test.dynamodb-local');
const SAID = Symbol.for('anteroom.test.said');
const shared = globalThis as { [RUNNING]?: Shared | undefined; [SAID]?: true };

function sayOnce(sentence: string): void {
  if (shared[SAID] === undefined) process.stdout.write(`\n${sentence}\n`);
  shared[SAID] = true;
}

/** One DynamoDB Local for all test files of a run: each takes tables of its own (see dynamodb.ts). */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const java = findJava();
  if ('missing' in java) {
    sayOnce(`Tests on DynamoDB Local are skipped: ${java.missing}.`);
    project.provide('dynamodb', java);
    return undefined;
  }
  const running = (shared[RUNNING] ??= { users: 0, local: startDynamoDbLocal(false) });
  running.users++;
  const local = await running.local;
  project.provide('dynamodb', { endpoint: local.endpoint });
  // The stacks that tests start use it, too, each with a database of its own: a JVM for each costs more than all they do.
  process.env['DYNAMODB_LOCAL'] = local.endpoint;
  return async () => {
    if (--running.users > 0) return;
    shared[RUNNING] = undefined;
    await local.stop();
  };
}
