/** `npm run bench:e2ee`: what sealed rooms cost. See `USAGE` in options.ts. */
import { cpus } from 'node:os';
import { optionsOr } from '../../scripts/command-line.ts';
import { measureMembership } from './membership/measure.ts';
import type { MembershipPlan } from './membership/measure.ts';
import { membershipTable } from './membership/report.ts';
import { benchOptions, USAGE } from './options.ts';
import type { Part } from './options.ts';
import { measureReceiving } from './receiving/measure.ts';
import type { ReceivingPlan } from './receiving/measure.ts';
import { goalLine, receivingTable } from './receiving/report.ts';
import { sealingTables, targetLine } from './sealing/report.ts';
import { measureSealing } from './sealing/rounds.ts';
import type { Plan, Result } from './sealing/rounds.ts';
import { chromiumTarget, nodeTarget } from './sealing/targets.ts';
import type { Target } from './sealing/targets.ts';

interface Plans {
  sealing: Plan;
  membership: MembershipPlan;
  receiving: ReceivingPlan;
}

const FULL: Plans = {
  sealing: { rounds: 5, ms: 150 },
  membership: { members: 50, rounds: 5 },
  receiving: { senders: 49, rounds: 5, ms: 5_000 },
};
const QUICK: Plans = {
  sealing: { rounds: 3, ms: 60 },
  membership: { members: 50, rounds: 2 },
  receiving: { senders: 49, rounds: 2, ms: 3_000 },
};

const options = optionsOr(USAGE, benchOptions);
const plans = options.quick ? QUICK : FULL;
const results: Record<string, unknown> = { plans };

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (text: string): void => {
  if (!options.json) process.stdout.write(`${text}\n`);
};
const wants = (part: Part, platform: 'node' | 'chromium'): boolean =>
  options.parts.includes(part) && options[platform];

async function measureOn(start: () => Promise<Target>): Promise<Result[]> {
  const target = await start();
  try {
    const measured = await measureSealing(target, plans.sealing, progress);
    print(`\n${target.platform} ${target.version}\n\n${sealingTables(measured)}`);
    return measured;
  } finally {
    await target.close();
  }
}

const machine = { cpu: cpus()[0]!.model.trim(), cores: cpus().length, node: process.version };
results['machine'] = machine;
print(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`);

const sealing: Result[] = [];
if (wants('sealing', 'node')) sealing.push(...(await measureOn(nodeTarget)));
if (wants('sealing', 'chromium')) sealing.push(...(await measureOn(chromiumTarget)));
if (sealing.length > 0) results['sealing'] = sealing;
const line = targetLine(sealing);
if (line !== undefined) print(`\n${line}`);

if (wants('membership', 'node')) {
  const membership = await measureMembership(plans.membership, progress);
  results['membership'] = membership;
  print(`\n${membershipTable(membership)}`);
}
if (wants('receiving', 'chromium')) {
  const receiving = await measureReceiving(plans.receiving, progress);
  results['receiving'] = receiving;
  print(`\n${receivingTable(receiving)}\n\n${goalLine(receiving)}`);
}
if (options.json) process.stdout.write(`${JSON.stringify(results, undefined, 1)}\n`);
