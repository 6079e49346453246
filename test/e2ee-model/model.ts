/** Runs scripts, and says of one that fails how it can be repeated. */
import fc from 'fast-check';
import { FRAME_CLASS } from '../../shared/protocol/frame.ts';
import { breaches, unsealed, unsettled } from './judge.ts';
import type { Person } from './person.ts';
import { Play } from './play.ts';
import { scripts } from './script.ts';
import type { Script } from './script.ts';

/** Until all who are here are sealed with each other, ms: HELLO is said again after 10 s at most, and frames may be 3 s late. */
const SEALED_MS = { honest: 3_000, hostile: 15_000 };
/** Until nobody counts as a member who is not here, ms: silence, a heartbeat or two, and new keys. */
const SETTLED_MS = 60_000;
const probeOf = (person: Person, to: string): string => `probe of ${person.name} to ${to}`;
const decoder = new TextDecoder();

/** Each reads, once, what each other says and shows. */
async function* unread(play: Play, here: readonly Person[]): AsyncGenerator<string> {
  const before = here.map(({ resident }) => resident.frames.length);
  for (const person of here) {
    person.resident.say(probeOf(person, 'all'));
    person.resident.pose(probeOf(person, 'all'));
    for (const other of here) {
      if (other === person) continue;
      person.resident.say(probeOf(person, other.name), other.client_id);
      person.resident.pose(probeOf(person, other.name), other.client_id);
    }
  }
  await play.pass(3_000);
  for (const [at, person] of here.entries()) {
    const others = here.filter((other) => other !== person);
    for (const frame_class of [FRAME_CLASS.MSG, FRAME_CLASS.POSE]) {
      const read = person.resident.frames.slice(before[at]).filter((frame) => frame.class === frame_class);
      const texts = read
        .map(({ payload }) => decoder.decode(payload))
        .filter((text) => text.startsWith('probe'));
      const due = others.flatMap((other) => [probeOf(other, 'all'), probeOf(other, person.name)]);
      if (texts.sort().join() !== due.sort().join()) {
        yield `${person.name} is shown [${texts.join()}] of class ${frame_class}, not [${due.join()}]`;
      }
    }
  }
}

async function judge(play: Play, script: Script): Promise<string | undefined> {
  const honest = script.weather === undefined;
  await play.calm();
  const { here } = play;
  const soon = honest ? SEALED_MS.honest : SEALED_MS.hostile;
  await play.pass(soon);
  for (const breach of unsealed(here)) return `${breach} after ${soon} ms`;
  await play.pass(SETTLED_MS - soon);
  const numbers = await play.numbersOf(here);
  for (const breach of unsettled(here, numbers)) return breach;
  for await (const breach of unread(play, here)) return breach;
  for (const breach of breaches(play.people, honest)) return breach;
  return undefined;
}

/** The breach, if there is one, and what happened. */
export async function runScript(script: Script): Promise<{ breach: string | undefined; play: Play }> {
  const play = new Play(script);
  let failure: unknown;
  const note = (error: unknown): void => {
    failure ??= error;
  };
  process.on('unhandledRejection', note);
  try {
    await play.run();
    const breach = await judge(play, script);
    if (failure !== undefined) throw failure;
    return { breach, play };
  } catch (error) {
    return { breach: error instanceof Error ? error.stack : String(error), play };
  } finally {
    process.off('unhandledRejection', note);
    for (const { resident } of play.people) resident.channel.close();
  }
}

export interface CheckOptions {
  hostile: boolean;
  runs: number;
  seed: number;
  /** Of a counterexample that was found with `seed`: only that is run. */
  path?: string | undefined;
  /** No new run begins after so many ms. */
  limit: number;
}

/** A counterexample is made shorter for so long, ms. */
const SHORTEN_MS = 60_000;
/** Runs that are drawn from one seed. */
const BATCH = 50;

/** Undefined if all went well; else what to show. */
export async function checkRooms(
  options: CheckOptions,
): Promise<{ runs: number; report: string | undefined }> {
  let until = performance.now() + options.limit;
  let runs = 0;
  const property = fc.asyncProperty(scripts(options.hostile), async (script) => {
    if (performance.now() > until) return;
    runs++;
    const { breach } = await runScript(script);
    if (breach !== undefined) throw new Error(breach);
  });
  const { path } = options;
  if (path !== undefined) {
    const found = await fc.check(property, { seed: options.seed, path, numRuns: 1, endOnFailure: true });
    return { runs, report: found.failed ? await report(options, found) : undefined };
  }
  for (let { seed } = options; runs < options.runs && performance.now() < until; seed++) {
    const numRuns = Math.min(BATCH, options.runs - runs);
    const found = await fc.check(property, { seed, numRuns, endOnFailure: true });
    if (!found.failed || found.counterexamplePath === null) continue;
    until = performance.now() + SHORTEN_MS;
    const shortened = await fc.check(property, { seed, path: found.counterexamplePath });
    return { runs, report: await report(options, shortened.failed ? shortened : found) };
  }
  return { runs, report: undefined };
}

async function report({ hostile }: CheckOptions, details: fc.RunDetails<[Script]>): Promise<string> {
  const [script] = details.counterexample ?? [];
  if (script === undefined) return `no counterexample: ${String(details.errorInstance)}`;
  const { breach, play } = await runScript(script);
  const { steps: _, ...room } = script;
  return [
    breach ?? `not repeated: ${String(details.errorInstance)}`,
    '',
    JSON.stringify(room),
    ...play.log,
    '',
    `again: npm run model:e2ee -- ${hostile ? '--hostile ' : ''}--seed ${details.seed} --path ${details.counterexamplePath ?? ''}`,
  ].join('\n');
}
