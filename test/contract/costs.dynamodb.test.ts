/** What each request of the control plane costs the database, as docs/performance.md says. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import { requestKey } from '../../shared/domain/idempotency.ts';
import type { Grant } from '../../shared/protocol/api.ts';
import { createRoom } from '../../shared/use-cases/create-room.ts';
import { joinRoom } from '../../shared/use-cases/join-room.ts';
import { migrateRoom } from '../../shared/use-cases/migrate-room.ts';
import { removeClient } from '../../shared/use-cases/remove-client.ts';
import { resumeFrom } from '../../shared/use-cases/resume-client.ts';
import { DynamoMeter, type Cost } from '../support/dynamodb-meter.ts';
import { inspectAndClear } from '../support/dynamodb-items.ts';
import { describeDynamo } from '../support/dynamodb.ts';
import { connect, granted, makeWorld } from '../support/world.ts';

const ADDRESS = '203.0.113.7';

describeDynamo('what requests cost DynamoDB', (tables) => {
  const costs = new Map<string, Cost & { registers: number }>();

  let breaches: string[] | undefined;

  beforeAll(async () => {
    const client = tables.newClient();
    const meter = new DynamoMeter(client);
    const world = await makeWorld({}, { store: dynamoRoomStore({ ...tables, client }) });
    const { deps } = world;
    let registers = 0;
    const { tasks } = deps;
    deps.tasks = {
      ...tasks,
      register(...args) {
        registers++;
        return tasks.register(...args);
      },
    };
    const task = await world.addTask('a');
    await world.addTask('b');

    async function measure<T>(name: string, work: () => Promise<T>): Promise<T> {
      registers = 0;
      let value: T | undefined;
      const cost = await meter.of(async () => (value = await work()));
      costs.set(name, { ...cost, registers });
      return value!;
    }
    const key = (name: string) => requestKey(`${name}-0123456789abcdef0123456789abcdef`, name, {});

    const first = await measure('create-room', () => granted(createRoom(deps, { max_clients: 3 })));
    await measure('create-room with a key', () => granted(createRoom(deps, {}, key('create'))));
    const join = (more: Parameters<typeof joinRoom>[2]) => granted(joinRoom(deps, first, more));
    const second = await measure('join-room', () => join({ address: ADDRESS }));
    await measure('join-room with a key', () => join({ address: ADDRESS, key: key('join') }));
    const room: Grant[] = [first, second];
    for (const grant of room) await connect(world, grant);
    await measure('resume', () => granted(resumeFrom(deps, first, ADDRESS)));
    await measure('put-task', () => world.heartbeat(task));
    const epoch = await measure('migrate-room', async () => {
      const from = world.taskOf(first);
      from.behaviour = 'draining';
      return (await granted(migrateRoom(deps, from.task_id, first))).epoch;
    });
    const leaves = ({ room_id, client_id }: Grant, generation: number) =>
      granted(removeClient(deps, { room_id, epoch, client_id, generation }));
    await measure('remove-client', () => leaves(second, 1));
    breaches = await inspectAndClear(tables);
  });

  it.each(['create-room', 'create-room with a key', 'join-room', 'join-room with a key'])(
    '%s, of which nobody gets in the way, takes two round trips and one register',
    (name) => {
      expect(costs.get(name)).toMatchObject({ round_trips: 2, registers: 1 });
    },
  );

  it('leaves nothing behind that does not fit together', () => {
    expect(breaches).toEqual([]);
  });

  it('is what docs/performance.md says', () => {
    const document = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');
    const [, section = ''] = document.split('## What a request costs the database\n');
    const rows = [
      ...section.split('\n## ')[0]!.matchAll(/^\| ([a-z][a-z-]*(?: with a key)?) +\|([ 0-9.|]*)\|$/gm),
    ];
    const told = rows.map(([, name, cells]) => [name, cells!.split('|').map((cell) => Number(cell.trim()))]);
    const measured = [...costs].map(([name, cost]) => [
      name,
      [cost.round_trips, cost.calls, cost.registers, cost.read_units, cost.write_units],
    ]);
    expect(told).toEqual(measured);
  });
});
