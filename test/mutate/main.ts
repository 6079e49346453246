/**
 * `npm run mutate:e2ee`: takes away one defence of the encryption after the other, in a copy, and runs the unit tests each
 * time. It ends with 0 only if the tests notice every one.
 *
 *   --only <text>   only the defences whose name has this text
 *   --jobs <n>      how many at once; default 2
 *   --list          names them and ends
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import type { Mutation } from './mutation.ts';
import { COMING_BACK } from './mutations/coming-back.ts';
import { KEYS_AND_ERASURE } from './mutations/keys.ts';
import { MEMBERS } from './mutations/members.ts';
import { SEALING } from './mutations/sealing.ts';
import { runSuite } from './suite.ts';
import { mutated, sourceOf, Tree } from './tree.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, jobs: { type: 'string' }, list: { type: 'boolean' } },
});
const jobs = Number(values.jobs ?? '2');
if (!Number.isInteger(jobs) || jobs < 1) throw new Error('--jobs must be a whole number from 1 up');

const all = [...SEALING, ...KEYS_AND_ERASURE, ...MEMBERS, ...COMING_BACK];
const chosen = all.filter(({ defence }) => defence.includes(values.only ?? ''));
if (chosen.length === 0) throw new Error(`No defence has "${values.only}" in its name; see --list`);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Whether the tests notice that this defence is gone. */
async function isNoticed(tree: Tree, mutation: Mutation): Promise<boolean> {
  return tree.with(mutation, async () => {
    const likely = mutation.ask.filter((file) => existsSync(join(tree.path, 'test/unit/e2ee', file)));
    if (likely.length > 0 && (await runSuite(tree, likely)).noticed) return true;
    return (await runSuite(tree)).noticed;
  });
}

/** Takes the next mutation until there is none; those that nobody noticed. */
async function work(tree: Tree, queue: Mutation[]): Promise<Mutation[]> {
  const survivors: Mutation[] = [];
  for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
    const started = performance.now();
    const noticed = await isNoticed(tree, mutation);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    say(`${noticed ? 'noticed ' : 'SURVIVED'}  ${seconds.padStart(5)} s  ${mutation.defence}`);
    if (!noticed) survivors.push(mutation);
  }
  return survivors;
}

async function run(): Promise<number> {
  // Before anything is run: a list that does not follow the code is of no use.
  for (const mutation of chosen) mutated(await sourceOf(mutation), mutation);
  const trees = await Promise.all(Array.from({ length: Math.min(jobs, chosen.length) }, () => Tree.create()));
  try {
    const { noticed, output } = await runSuite(trees[0]!);
    if (noticed) {
      say(output);
      say('The tests fail as it is: there is nothing to be learned from taking defences away.');
      return 1;
    }
    const queue = [...chosen];
    const survivors = (await Promise.all(trees.map((tree) => work(tree, queue)))).flat();
    say(`\n${chosen.length - survivors.length} of ${chosen.length} removals were noticed by a test.`);
    for (const { defence, file } of survivors)
      say(`No test notices that this is gone: "${defence}" (client/src/${file}).`);
    return survivors.length === 0 ? 0 : 1;
  } finally {
    await Promise.all(trees.map((tree) => tree.remove()));
  }
}

if (values.list === true) for (const { defence } of chosen) say(defence);
else process.exitCode = await run();
