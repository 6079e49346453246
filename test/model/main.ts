/**
 * `npm run model -- --minutes 10 [--store memory|dynamodb] [--seed 1]`: new scripts for as long as that.
 * `npm run model -- --seed 1 --path 5:3:1 [--store …]`: the one that has failed.
 */
import { parseArgs } from 'node:util';
import { checkModel, MEMORY } from './model.ts';
import { withDynamoDb } from './dynamodb-store.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    store: { type: 'string', default: 'memory' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    path: { type: 'string' },
  },
});

const options = {
  runs: 1e9,
  seed: Number(values.seed),
  path: values.path,
  limit: Number(values.minutes) * 60_000,
};
const begun = performance.now();
const { runs, report } = await (values.store === 'dynamodb'
  ? withDynamoDb((store) => checkModel(store, options))
  : checkModel(MEMORY, options));
const seconds = Math.round((performance.now() - begun) / 1_000);
const nothing = `${runs} runs from seed ${options.seed} on ${values.store} in ${seconds} s: nothing found`;
process.stdout.write(`${report ?? nothing}\n`);
process.exitCode = report === undefined ? 0 : 1;
