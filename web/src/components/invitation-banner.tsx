import { useSignal } from '@preact/signals';
import type { Explanation } from '../explain.ts';
import { goAlong, pending, stayHere } from '../state/app.ts';
import type { Invitation } from '../state/invitations.ts';
import type { Session } from '../state/session.ts';
import { listOf } from '../words.ts';

function Invited({ session, invitation }: { session: Session; invitation: Invitation }) {
  const going = useSignal(false);
  const failure = useSignal<Explanation | undefined>(undefined);
  const { from, name, without } = invitation;
  const under_way = pending.value === undefined ? 'Going along…' : 'A server is being started…';
  const left_out = (without ?? []).map(session.nameOf).filter((known) => known !== undefined);

  async function go(): Promise<void> {
    going.value = true;
    failure.value = undefined;
    failure.value = await goAlong(session, invitation);
    going.value = false;
  }

  function stay(): void {
    if (going.value) stayHere();
    session.invitations.dismiss(from);
  }

  return (
    <div class="banner banner-ask" role="alert">
      <p>
        <strong>
          <bdi>{name}</bdi> moves on to a new room
          {left_out.length > 0 && ` without ${listOf(left_out)}`}.
        </strong>{' '}
        {failure.value === undefined
          ? 'If you go along, you leave this one.'
          : `${failure.value.title}. ${failure.value.detail}`}
      </p>
      <div class="ways-out">
        <button class="button primary" type="button" disabled={going.value} onClick={() => void go()}>
          {going.value && <span class="spinner" aria-hidden="true" />}
          <span>{going.value ? under_way : 'Go along'}</span>
        </button>
        <button class="button" type="button" onClick={stay}>
          Stay
        </button>
      </div>
    </div>
  );
}

/** Asks whether to go along with somebody who has moved on; with the newest first, if there are several. */
export function InvitationBanner({ session }: { session: Session }) {
  const invitation = session.invitations.open.value.at(-1);
  if (invitation === undefined) return null;
  return <Invited key={invitation.link} session={session} invitation={invitation} />;
}
