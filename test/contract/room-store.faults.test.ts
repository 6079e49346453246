import { AsyncLocalStorage } from 'node:async_hooks';
import { dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import type { RoomStore } from '../../shared/ports/room-store.ts';
import { conflict, failedAnswer, injectFaults, lostAnswer, refusal } from '../support/dynamodb-faults.ts';
import { inspectAndClear } from '../support/dynamodb-items.ts';
import { describeDynamo } from '../support/dynamodb.ts';
import { roomStoreContract } from './room-store.ts';

describeDynamo('on DynamoDB Local with faults', (tables) => {
  /** How often each request of the present call of the store was sent. */
  const sent = new AsyncLocalStorage<Map<string, number>>();
  const client = tables.newClient();
  injectFaults(client, (call) => {
    const requests = sent.getStore()!;
    const request = JSON.stringify(call);
    const times = requests.get(request) ?? 0;
    requests.set(request, times + 1);
    // Each read is refused once. Each write is refused once, then done with its answer lost, and then it goes well.
    const reads = /^(Get|Query|TransactGet)/.test(call.command);
    const odd = request.length % 2 === 1;
    const turn = times % (reads ? 2 : 3);
    if (turn === 0) return odd ? conflict(call) : refusal('ThrottlingException');
    if (turn === 1 && !reads) return odd ? lostAnswer() : failedAnswer();
    return undefined;
  });
  const plain = dynamoRoomStore({ ...tables, client, sleep: () => Promise.resolve() });
  const store = new Proxy(plain, {
    get(target, method: keyof RoomStore) {
      const run = target[method] as (...args: unknown[]) => Promise<unknown>;
      return (...args: unknown[]) => sent.run(new Map(), () => run(...args));
    },
  });

  const make = async () => ({ store, breaches: () => inspectAndClear(tables) });
  roomStoreContract('on DynamoDB with conflicts, throttles and lost answers', make, 0.2);
});
