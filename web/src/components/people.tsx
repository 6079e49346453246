import { hueOf } from '../colour.ts';
import type { Person, Session } from '../state/session.ts';
import { LockedIcon, MoveOnIcon, UnlockedIcon } from './icons.tsx';

/** Whether the encryption covers somebody. */
function SealMark({ sealing }: Pick<Person, 'sealing'>) {
  if (sealing === undefined) return null;
  if (sealing === 'securing') return <span class="tag">securing…</span>;
  if (sealing === 'unsealed') {
    return (
      <span class="tag unsealed">
        <UnlockedIcon /> not sealed
      </span>
    );
  }
  return (
    <span class="tag sealed" title="Sealed">
      <LockedIcon />
      <span class="visually-hidden">sealed</span>
    </span>
  );
}

/** Who is here, oneself first. `onMoveWithout`: the person wants to move on without somebody. */
export function People(props: { session: Session; onMoveWithout: (client_id: string) => void }) {
  const { session, onMoveWithout } = props;
  const people = session.people.value;
  return (
    <section class="people" aria-labelledby="people-title">
      <h2 id="people-title">
        Here{' '}
        <span class="count">
          {people.length} of {session.max_clients}
          <span class="visually-hidden"> seats</span>
        </span>
      </h2>
      <ul>
        {people.map(({ client_id, name, self, presence, sealing }) => (
          <li
            key={client_id}
            class={presence === 'away' ? 'person away' : 'person'}
            style={{ '--hue': hueOf(client_id) }}
          >
            <span class="person-dot" aria-hidden="true" />
            <bdi class="person-name">{name}</bdi>
            {self && <span class="tag">you</span>}
            {presence === 'away' && <span class="tag">reconnecting…</span>}
            <SealMark sealing={sealing} />
            {!self && (
              <button
                class="person-move"
                type="button"
                title={`Move on without ${name}…`}
                aria-haspopup="dialog"
                onClick={() => onMoveWithout(client_id)}
              >
                <MoveOnIcon />
                <span class="visually-hidden">Move on without {name}…</span>
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
