/** `npm run fault`: disturbs a stack that `npm run dev` has started. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { TargetState } from './board.ts';
import { runningStacks, type ControlFile } from './control.ts';
import { listLines, readCommand, USAGE } from './words.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** The one stack that runs, or the one whose router has `port`. */
function chooseStack(port: string | undefined): ControlFile {
  const running = runningStacks(ROOT);
  const found = port === undefined ? running : running.filter(({ url }) => new URL(url).port === port);
  const [only, another] = found;
  if (only !== undefined && another === undefined) return only;
  const urls = running.map(({ url }) => `  ${url}`).join('\n');
  if (running.length === 0) fail('no local stack runs here: start one with "npm run dev -- --faults"');
  if (only === undefined) fail(`no stack runs at port ${port}. There are:\n${urls}`);
  return fail(`several stacks run: say which with --port <port of its router>\n${urls}`);
}

function readWords() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { for: { type: 'string' }, port: { type: 'string' }, help: { type: 'boolean' } },
    });
  } catch (error) {
    const [what = ''] = (error as Error).message.split('. ');
    return fail(`${what}\n\n${USAGE}`);
  }
}

// Such as `| head`.
process.stdout.on('error', () => undefined);
const { values, positionals } = readWords();
const command = readCommand(values.help === true ? ['help'] : positionals, values.for);
if (command.kind === 'help') {
  print(USAGE);
  process.exit(0);
}
if (command.kind === 'wrong') fail(`${command.message}\n\n${USAGE}`);

const { control } = chooseStack(values.port);
async function ask(path: string, body?: unknown): Promise<unknown> {
  const request =
    body === undefined
      ? {}
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(new URL(path, control), request).catch(() =>
    fail('the stack does not answer any more'),
  );
  const answer = (await response.json()) as { error?: string };
  return response.ok ? answer : fail(answer.error ?? `it answered ${response.status}`);
}

if (command.kind === 'list')
  for (const line of listLines((await ask('/faults')) as TargetState[])) print(line);
else if (command.kind === 'sweep') print(JSON.stringify(await ask('/sweep', {})));
else print(((await ask('/faults', command.order)) as { said: string }).said);
