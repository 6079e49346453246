import { hueOf } from '../colour.ts';
import type { Session } from '../state/session.ts';

/** Who is here, oneself first. */
export function People({ session }: { session: Session }) {
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
        {people.map(({ client_id, name, self, presence }) => (
          <li
            key={client_id}
            class={presence === 'away' ? 'person away' : 'person'}
            style={{ '--hue': hueOf(client_id) }}
          >
            <span class="person-dot" aria-hidden="true" />
            <bdi class="person-name">{name}</bdi>
            {self && <span class="tag">you</span>}
            {presence === 'away' && <span class="tag">reconnecting…</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
