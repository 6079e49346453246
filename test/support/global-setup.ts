import type { TestProject } from 'vitest/node';
import { findJava, startDynamoDbLocal } from '../../dev/dynamodb-local.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where DynamoDB Local answers for the whole run, or why there is none. */
    dynamodb: { endpoint: string } | { missing: string };
  }
}

/** One DynamoDB Local for all test files of a run: each takes tables of its own (see dynamodb.ts). */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const java = findJava();
  if ('missing' in java) {
    process.stdout.write(`\nTests on DynamoDB Local are skipped: ${java.missing}.\n`);
    project.provide('dynamodb', java);
    return undefined;
  }
  const local = await startDynamoDbLocal();
  project.provide('dynamodb', { endpoint: local.endpoint });
  return () => local.stop();
}
