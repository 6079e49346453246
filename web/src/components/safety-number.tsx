import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Session } from '../state/session.ts';
import { listOf } from '../words.ts';
import { useClipboard } from './clipboard.ts';
import { CheckIcon, CopyIcon } from './icons.tsx';

/** Digit by digit, with a pause after each group: what screen readers say. */
const spelled = (groups: readonly string[]): string =>
  groups.map((group) => group.split('').join(' ')).join(', ');

/** The number by which the members make sure that nobody is in between; nothing while there is nobody to compare it with. */
export function SafetyNumber({ session }: { session: Session }) {
  const number = useSignal<string | undefined>(undefined);
  const digits = useRef<HTMLParagraphElement>(null);
  const { outcome, copy } = useClipboard();
  useEffect(() => session.onSafetyNumber((now) => (number.value = now)), [session]);

  const people = session.people.value;
  const sealed = people.filter(({ sealing }) => sealing === 'sealed').map(({ name }) => name);
  const away = people.filter(({ presence }) => presence === 'away').map(({ name }) => name);
  const unsealed = people.filter(({ sealing }) => sealing === 'unsealed').map(({ name }) => name);
  if (sealed.length === 0) return null;
  const groups = number.value?.split(' ');

  async function copyDigits(): Promise<void> {
    if (number.value === undefined) return;
    await copy(number.value);
    if (outcome.value === 'refused' && digits.current !== null)
      getSelection()?.selectAllChildren(digits.current);
  }

  const copied = outcome.value === 'copied';
  return (
    <section class="safety" aria-labelledby="safety-title">
      <h3 id="safety-title">Safety number</h3>
      {groups === undefined ? (
        <p class="safety-pending">Working it out…</p>
      ) : (
        <p class="safety-digits" ref={digits} aria-hidden="true">
          {groups.map((group, index) => (
            <span key={index}>{group} </span>
          ))}
        </p>
      )}
      <p class="visually-hidden" role="status">
        {groups !== undefined && `The safety number is ${spelled(groups)}.`}
      </p>
      <p>
        Read it to each other on another way, by telephone for instance. If all have the same, nobody is in
        between. It changes whenever somebody comes or goes.
      </p>
      <p>
        Counted are {listOf(sealed, 'you')}.
        {away.length > 0 && ` Who lost the connection may be counted for half a minute yet: ${listOf(away)}.`}
        {unsealed.length > 0 && (
          <>
            {' '}
            <strong>Not counted, since not sealed: {listOf(unsealed)}.</strong>
          </>
        )}
      </p>
      <button class="button" type="button" onClick={() => void copyDigits()}>
        {copied ? <CheckIcon /> : <CopyIcon />}
        <span>{copied ? 'Number copied' : 'Copy number'}</span>
      </button>
      <span class="visually-hidden" role="status">
        {copied && 'The safety number is in the clipboard.'}
      </span>
    </section>
  );
}
