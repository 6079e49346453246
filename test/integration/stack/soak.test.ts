/** A soak of a few seconds: that it passes where all is well, and that its checks can fail. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { expect, it } from 'vitest';
import { TABLES } from '../../../dev/settings.ts';
import { startSoak } from '../../soak/soak.ts';
import { describeWithJava } from '../../support/dynamodb.ts';

const OPTIONS = {
  minutes: 0.08,
  seed: 3,
  rooms_per_second: 3,
  tasks: 3,
  fault_seconds: 2,
  faults: ['kill', 'term'],
  out: undefined,
  env: {
    ...(process.env as Record<string, string>),
    CONNECT_TIMEOUT: '2s',
    RESUME_GRACE: '2s',
    HEARTBEAT: '2s',
    LEASE: '5s',
  },
} as const;

describeWithJava('a soak', () => {
  it('leaves nothing behind, and would say so', { timeout: 120_000 }, async () => {
    const lines: string[] = [];
    const soak = await startSoak(OPTIONS, (line) => lines.push(line));
    try {
      await soak.run();
      await soak.settle();
      const { passed, breaches, counts, tables, faults } = soak.summary();
      expect(breaches).toEqual([]);
      expect(passed).toBe(true);
      expect(counts.rooms_created).toBeGreaterThan(3);
      // On a machine that is busy enough nobody comes in time to hear it.
      expect(counts.frames_sent).toBeGreaterThan(0);
      expect(faults.kill + faults.term).toBeGreaterThan(0);
      expect(tables.under_load.rooms).toBeGreaterThan(0);
      expect(tables.after).toMatchObject({ tasks: 3, task_rooms: 0, rooms: 0, clients: 0 });

      const { aws } = soak.stack;
      const client = new DynamoDBClient({
        region: aws['AWS_REGION']!,
        endpoint: aws['AWS_ENDPOINT_URL_DYNAMODB']!,
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      });
      const leak = { room_id: '00157', client_id: '#room', state: 'OPEN' };
      await DynamoDBDocumentClient.from(client).send(new PutCommand({ TableName: TABLES.rooms, Item: leak }));
      client.destroy();
      expect(await soak.tableBreaches()).toContainEqual(expect.stringMatching(/"00157".* is left over$/));
      soak.ledger.breach('of a test');
      expect(soak.summary()).toMatchObject({ passed: false, repeat: expect.stringContaining('--seed 3 ') });
    } finally {
      await soak.stop();
    }
  });
});
