/**
 * `npm run package`: builds the deployment (`serverless package`) offline and without credentials into .serverless, and
 * checks what came out: the CloudFormation template, and each function's archive. Arguments are handed on:
 * `npm run package -- --stage prod --param "MAX_ROOMS=500"`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspectBundle } from './packaging/bundle.ts';
import { functionsOf, type Template, validateTemplate } from './packaging/template.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUTPUT = join(ROOT, '.serverless');
const TEMPLATE = join(OUTPUT, 'cloudformation-template-update-stack.json');
const REGION = 'eu-central-1';

const say = (line: string) => process.stdout.write(`${line}\n`);

/**
 * Runs `serverless package`; what is wrong if it failed (it has printed why). Nothing of the caller's account gets in: no
 * credentials, no profile, no home directory with either.
 */
async function build(args: string[]): Promise<string[]> {
  const home = await mkdtemp(join(tmpdir(), 'anteroom-home-'));
  try {
    await rm(OUTPUT, { recursive: true, force: true });
    const command = join(ROOT, 'node_modules/serverless/bin/serverless.js');
    const child = spawn(process.execPath, [command, 'package', ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        TMPDIR: tmpdir(),
        AWS_REGION: REGION,
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code === 0 ? [] : [`serverless package ended with ${code ?? signal}`];
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function check(): Promise<string[]> {
  const template = JSON.parse(await readFile(TEMPLATE, 'utf8')) as Template;
  const { faults, rules, resources } = validateTemplate(TEMPLATE, REGION);
  say(`Template: ${resources} resources, ${rules} rules, ${faults.length} findings`);
  const runtime = `nodejs${process.versions.node.split('.')[0]}.x`;
  for (const fn of functionsOf(template)) {
    const report = await inspectBundle(OUTPUT, fn);
    const size = `${(report.bytes / 1_000).toFixed(0).padStart(6)} kB`;
    say(`  ${fn.zip.padEnd(24)} ${size}   imported in ${String(report.import_ms).padStart(5)} ms`);
    faults.push(...report.faults.map((fault) => `${fn.zip}: ${fault}`));
    if (fn.runtime !== runtime)
      faults.push(`${fn.zip}: built for ${fn.runtime}, but checked with ${runtime}`);
  }
  return faults;
}

const faults = await build(process.argv.slice(2));
if (faults.length === 0) faults.push(...(await check()));
if (faults.length > 0) {
  say(`\nThe package is not fit to deploy:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  process.exitCode = 1;
} else {
  say('The package is fit to deploy.');
}
