import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { startDatabase, type Database } from '../../../dev/database.ts';
import { startDynamoDbLocal } from '../../../dev/dynamodb-local.ts';
import { REGION, TABLES } from '../../../dev/settings.ts';
import { describeWithJava } from '../../support/dynamodb.ts';

const MODULE = fileURLToPath(new URL('../../../dev/dynamodb-local.ts', import.meta.url));

/** A connection to what listens there: it ends with that process. */
async function connection(endpoint: string) {
  const { hostname, port } = new URL(endpoint);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.on('error', () => {}).resume();
  return socket;
}

describeWithJava('DynamoDB Local', (endpoint) => {
  it('that runs already serves several stacks, each with tables of its own, and none are left', async () => {
    const stacks = await Promise.all([startDatabase(endpoint), startDatabase(endpoint)]);
    const tables = async ({ env }: Database) => {
      const credentials = { accessKeyId: env['AWS_ACCESS_KEY_ID']!, secretAccessKey: 'local' };
      const client = new DynamoDBClient({ endpoint, region: REGION, credentials });
      const { TableNames } = await client.send(new ListTablesCommand());
      client.destroy();
      return TableNames;
    };
    const names = [TABLES.rooms, TABLES.tasks].sort();
    expect(await Promise.all(stacks.map(tables))).toEqual([names, names]);
    await stacks[0].stop();
    expect(await Promise.all(stacks.map(tables))).toEqual([[], names]);
    await stacks[1].stop();
    expect(await Promise.all(stacks.map(tables))).toEqual([[], []]);
  });

  it('answers, and is gone once it is stopped', async () => {
    const local = await startDynamoDbLocal();
    const { endpoint } = local;
    const socket = await connection(endpoint);
    const closed = once(socket, 'close');
    await local.stop();
    await closed;
    await expect(fetch(endpoint)).rejects.toThrow('fetch failed');
  });

  it('does not outlive the process that started it, even if that is killed', async () => {
    const script = `
      import { startDynamoDbLocal } from ${JSON.stringify(MODULE)};
      console.log((await startDynamoDbLocal()).endpoint);
    `;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [endpoint] = (await once(createInterface(starter.stdout), 'line')) as [string];
    const socket = await connection(endpoint);
    const closed = once(socket, 'close');
    starter.kill('SIGKILL');
    await closed;
    await expect(fetch(endpoint)).rejects.toThrow('fetch failed');
  });
});
