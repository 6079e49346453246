import { useSignal } from '@preact/signals';
import type { Explanation } from '../explain.ts';
import { moveWithout, pending, stayHere } from '../state/app.ts';
import type { Person, Session } from '../state/session.ts';
import { counted, isolated, listOf } from '../words.ts';
import { Dialog } from './dialog.tsx';

const namesOf = (people: readonly Person[]): string => listOf(people.map(({ name }) => name));

/** What will happen, in sentences. */
function outcomeOf(out: readonly Person[], others: readonly Person[]): string[] {
  const along = others.filter((person) => !out.includes(person));
  const asked = along.filter(({ sealing }) => sealing === 'sealed');
  const unheard = along.filter(({ sealing }) => sealing !== 'sealed');
  const sentences = ['You go to a new room with a link of its own, and leave this one.'];
  if (asked.length > 0) {
    const choose = asked.length > 1 ? ['get', 'each decides'] : ['gets', 'decides'];
    sentences.push(
      `${namesOf(asked)} ${choose[0]} the new link, sealed, and ${choose[1]} whether to come along.`,
    );
  }
  if (unheard.length > 0)
    sentences.push(`${namesOf(unheard)} cannot be reached just now and may not hear of it.`);
  if (out.length > 0) {
    const keep = out.length > 1 ? 'keep this room and see' : 'keeps this room and sees';
    sentences.push(`${namesOf(out)} ${keep} only that you leave.`);
  }
  return sentences;
}

function actionOf(out: readonly Person[]): string {
  if (out.length === 0) return 'Move on with everybody';
  if (out.length === 1) return `Move on without ${isolated(out[0]!.name)}`;
  return `Move on without ${counted(out.length, 'member')}`;
}

/** Moves on to a new room; `chosen` is left out, unless the person decides otherwise. */
export function MoveDialog(props: { session: Session; chosen: readonly string[]; onClose: () => void }) {
  const { session } = props;
  const chosen = useSignal(new Set(props.chosen));
  const moving = useSignal(false);
  const failure = useSignal<Explanation | undefined>(undefined);
  const others = session.people.value.filter(({ self }) => !self);
  const under_way = pending.value === undefined ? 'Opening the new room…' : 'A server is being started…';
  // Who has not the key of this room cannot be asked along.
  const isOut = ({ client_id, sealing }: Person): boolean =>
    sealing === 'unsealed' || chosen.value.has(client_id);
  const out = others.filter(isOut);

  function choose(client_id: string, leave_out: boolean): void {
    const next = new Set(chosen.value);
    if (leave_out) next.add(client_id);
    else next.delete(client_id);
    chosen.value = next;
  }

  async function move(): Promise<void> {
    moving.value = true;
    failure.value = undefined;
    failure.value = await moveWithout(
      session,
      out.map(({ client_id }) => client_id),
    );
    moving.value = false;
  }

  function stay(): void {
    if (moving.value) stayHere();
    props.onClose();
  }

  return (
    <Dialog title="Move to a new room" onClose={stay}>
      {others.length > 0 && (
        <fieldset class="choices" disabled={moving.value}>
          <legend>Leave out</legend>
          {others.map((person) => (
            <label key={person.client_id} class="choice">
              <input
                type="checkbox"
                checked={isOut(person)}
                disabled={person.sealing === 'unsealed'}
                onChange={(event) => choose(person.client_id, event.currentTarget.checked)}
              />
              <span class="choice-who">
                <bdi>{person.name}</bdi>
                {person.sealing === 'unsealed' && <span class="tag">not sealed, cannot be asked</span>}
                {person.presence === 'away' && <span class="tag">reconnecting…</span>}
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {outcomeOf(out, others).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <p class="visually-hidden" role="status">
        {moving.value && under_way}
      </p>
      {failure.value !== undefined && (
        <p class="alert" role="alert">
          <strong>{failure.value.title}.</strong> {failure.value.detail}
        </p>
      )}
      <div class="dialog-actions">
        <button class="button primary" type="button" disabled={moving.value} onClick={() => void move()}>
          {moving.value && <span class="spinner" aria-hidden="true" />}
          <span>{moving.value ? under_way : actionOf(out)}</span>
        </button>
        <button class="button" type="button" onClick={stay}>
          Stay here
        </button>
      </div>
    </Dialog>
  );
}
