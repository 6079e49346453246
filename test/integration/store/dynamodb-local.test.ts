import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startDynamoDbLocal } from '../../../dev/dynamodb-local.ts';
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

describeWithJava('DynamoDB Local', () => {
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
