/** What has to hold of a random room once it came to rest. */
import { FRAME_CLASS } from '../../shared/protocol/frame.ts';
import type { Trouble } from '../../client/src/e2ee/channel.ts';
import type { Person, Saying } from './person.ts';

const decoder = new TextDecoder();
const SAYING = /^(m\d~\d+)>(\*|m\d)#(\d+)$/;

/** From the word that a member is gone until no key that it had is used: gathering, switching, and some turns, ms. */
const ROTATED_MS = 1_000 + 500 + 50;

interface Shown {
  text: string;
  from: string;
  /** Of whoever said it. */
  by: string;
  to: string;
  number: number;
}

function shownTo({ resident }: Person): Shown[] {
  return resident.frames
    .filter((frame) => frame.class === FRAME_CLASS.MSG)
    .flatMap(({ from, payload }) => {
      const text = decoder.decode(payload);
      const [, by, to, number] = SAYING.exec(text) ?? [];
      return by === undefined ? [] : [{ text, from, by, to: to!, number: Number(number) }];
    });
}

const countOf = ({ resident }: Person, kind: Trouble['kind'], from: string): number =>
  resident.troubles.reduce(
    (sum, trouble) =>
      trouble.kind === kind && 'count' in trouble && trouble.from === from ? sum + trouble.count : sum,
    0,
  );

/** Messages that their sender was told were not sent to this member. */
const notSentTo = ({ resident }: Person, { client_id }: Person): number =>
  resident.troubles.filter((trouble) => trouble.kind === 'not_sent' && trouble.to === client_id).length;

/** What was shown came from who says so, to whom it was said, in order, and once. */
function* misshown(person: Person): Generator<string> {
  const last = new Map<string, number>();
  for (const { text, from, by, to, number } of shownTo(person)) {
    if (!by.startsWith(`${from}~`)) yield `${person.name} was shown "${text}" as from ${from}`;
    if (to !== '*' && to !== person.client_id) yield `${person.name} was shown "${text}"`;
    const lane = `${by}>${to}`;
    const before = last.get(lane) ?? -1;
    if (number <= before) yield `${person.name} was shown "${text}" after number ${before}`;
    last.set(lane, number);
  }
  const poses = person.resident.frames
    .filter((frame) => frame.class === FRAME_CLASS.POSE)
    .map(({ payload }) => decoder.decode(payload));
  if (new Set(poses).size < poses.length) yield `${person.name} was shown a pose twice`;
}

const isFor = ({ to }: Saying, person: Person): boolean => to === undefined || to === person.client_id;

/** What did not arrive, though both were sealed with each other from before it was said to the end, was told to be lost. */
function* unreported(
  person: Person,
  sender: Person,
  { honest, alone }: { honest: boolean; alone: boolean },
): Generator<string> {
  const shown = new Set(shownTo(person).map(({ text }) => text));
  const all = sender.said.filter((saying) => isFor(saying, person));
  const missing = all.filter((saying) => saying.bonded.has(person) && !shown.has(saying.text));
  const not_sent = notSentTo(sender, person);
  const lost = countOf(person, 'lost', sender.client_id);
  const what = missing.map(({ text, at }) => `"${text}" (${at} ms)`).join(', ');
  if (missing.length > lost + not_sent) {
    yield `${person.name} was not shown ${what}, and told that ${lost} were lost`;
  } else if (honest && missing.length > not_sent) {
    yield `${person.name} was not shown ${what}: an honest relay lost nothing for good`;
  }
  // Where they were bonded for all their lives, and the client was never another, what is lost can be counted.
  if (alone && all.length > 0 && all.every((saying) => saying.bonded.has(person)) && lost > missing.length) {
    yield `${person.name} was told that ${lost} messages of ${sender.name} were lost: it misses ${what || 'none'}`;
  }
}

/** Nobody can open what was said before it came, or after it left and the keys were changed. */
function* overheard(person: Person, people: readonly Person[]): Generator<string> {
  const opened = new Set(
    person.resident.opened.flatMap((plaintext) => {
      const text = decoder.decode(plaintext.subarray(64));
      return SAYING.test(text) ? [text] : [];
    }),
  );
  for (const sender of people) {
    if (sender === person) continue;
    const told_gone = sender.told_gone.get(person);
    for (const { text, at } of sender.said) {
      if (!opened.has(text)) continue;
      if (at < person.came_at) yield `${person.name} opened "${text}", said at ${at} ms, before it came`;
      if (told_gone !== undefined && !sender.slept && at > told_gone + ROTATED_MS) {
        yield `${person.name} opened "${text}", said at ${at} ms, though ${sender.name} knew at ${told_gone} ms that it was gone`;
      }
    }
  }
}

export function* breaches(people: readonly Person[], honest: boolean): Generator<string> {
  for (const person of people) {
    yield* misshown(person);
    yield* overheard(person, people);
    if (person.state !== 'here') continue;
    for (const sender of people) {
      const alone = people.every(
        ({ client_id }, at) => client_id !== sender.client_id || people[at] === sender,
      );
      if (sender !== person) yield* unreported(person, sender, { honest, alone });
    }
    if (honest) yield* blamed(person, people);
  }
}

/**
 * An honest relay, and honest members, leave nothing that does not open, but where one was taken for another, slept when
 * keys were to be agreed on, or was cut off right then.
 */
function* blamed({ name, resident, took_over, slept }: Person, people: readonly Person[]): Generator<string> {
  if (took_over || slept) return;
  for (const trouble of resident.troubles) {
    if (trouble.kind !== 'unreadable') continue;
    const senders = people.filter(({ client_id }) => client_id === trouble.from);
    if (senders.some((sender) => sender.took_over || sender.slept)) continue;
    if (
      trouble.reason === 'no_key' &&
      senders.some((sender) => sender.connections > 1 || sender.state !== 'here')
    )
      continue;
    yield `${name} could not read a frame: ${JSON.stringify(trouble)}`;
  }
}

/** Each is sealed with those who are here. */
export function* unsealed(here: readonly Person[]): Generator<string> {
  for (const { name, resident } of here) {
    const missing = here
      .filter((other) => other.name !== name)
      .filter(({ client_id }) => !resident.standing.sealed.includes(client_id));
    if (missing.length > 0) yield `${name} is not sealed with ${missing.map((other) => other.name).join()}`;
  }
}

/** Each is sealed with those who stay, and with nobody else. */
export function* unsettled(here: readonly Person[], numbers: readonly string[]): Generator<string> {
  for (const { name, client_id, resident } of here) {
    const others = here.filter((other) => other.client_id !== client_id).map((other) => other.client_id);
    const { sealed, securing, unsealed, disagreeing } = resident.standing;
    if (sealed.toSorted().join() !== others.sort().join())
      yield `${name} is sealed with ${sealed.join()}, not ${others.join()}`;
    if ([...resident.members].sort().join() !== others.join()) {
      yield `${name} was told that ${[...resident.members].join()} are here, not ${others.join()}`;
    }
    if (resident.twice.length > 0) yield `${name} was told twice that ${resident.twice.join()} came`;
    if (securing.length + unsealed.length + disagreeing.length > 0)
      yield `${name} stands ${JSON.stringify(resident.standing)}`;
  }
  if (new Set(numbers).size > 1) yield 'the safety numbers differ';
}
