/** `npm run bench:slow`: what receivers get that cannot keep up, beside those that can. See `USAGE` in options.ts. */
import { cpus } from 'node:os';
import { optionsOr } from '../../scripts/command-line.ts';
import { slowOptions, USAGE } from './options.ts';
import { RelayProcess } from './relay.ts';
import { goalLines, goalsOf, slowTable } from './report.ts';
import { playRooms, type Company } from './run.ts';
import { megabytes, soak } from './soak.ts';

/** One way of a receiver that is far but healthy, ms. */
const FAR_MS = 100;

const options = optionsOr(USAGE, slowOptions);
const print = (text: string): void => {
  if (!options.json) process.stdout.write(`${text}\n`);
};

function companies(): Company[] {
  const paces = [
    ...options.rates.map((rate) => ({ name: `${rate / 1_000} kB/s`, pace: { rate, delay: 0 } })),
    { name: '200 ms away', pace: { rate: undefined, delay: FAR_MS } },
  ];
  if (options.together) return [{ name: 'all', paces }];
  return paces.map((one, i) => ({ name: String(i + 1), paces: [one] }));
}

const { video } = options;
const machine = { cpu: cpus()[0]!.model.trim(), cores: cpus().length, node: process.version };
const percents = video.shares.map((share) => `${Math.round(share * 100)} %`).join(', ');
print(
  `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}\n` +
    `${(video.rate * 8) / 1_000} kbit/s at 30 fps; layers 0, 1, 2 have ${percents} of the bytes; ` +
    `a keyframe has the bytes of ${video.keyframe} mean frames`,
);

await using relay = await RelayProcess.start();
if (options.soak === undefined) {
  const results = await playRooms(relay, companies(), video, options.seconds);
  const goals = goalsOf(results);
  print(`\n${slowTable(results)}\n\n${goalLines(goals)}`);
  if (options.json)
    process.stdout.write(`${JSON.stringify({ machine, video, results, goals }, undefined, 1)}\n`);
} else {
  const result = await soak(relay, options.soak, video, (line) => process.stderr.write(`${line}\n`));
  const { before, after, grows, comebacks } = result;
  print(
    `\nresident memory ${megabytes(before)} MB, at the end ${megabytes(after)} MB: ${grows ? 'GROWS' : 'flat'}; ` +
      `receivers whose connection the relay had ended came back ${comebacks} times`,
  );
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ machine, video, plan: options.soak, ...result }, undefined, 1)}\n`,
    );
  }
  if (grows) process.exitCode = 1;
}
