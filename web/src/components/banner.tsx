import { explainBreak, explainClose } from '../explain.ts';
import { takeWayOut } from '../state/app.ts';
import type { Connection } from '../state/connection.ts';
import type { Session } from '../state/session.ts';
import { listOf } from '../words.ts';
import { InvitationBanner } from './invitation-banner.tsx';
import { useNow } from './now.ts';
import { WaysOut } from './ways-out.tsx';

function Reconnecting({ since, attempt, retry_at }: Extract<Connection, { status: 'reconnecting' }>) {
  const now = useNow();
  const seconds = retry_at === undefined ? 0 : Math.ceil((retry_at - now) / 1_000);
  return (
    <div class="banner banner-wait">
      <span class="spinner" aria-hidden="true" />
      <p>
        <strong role="status">{explainBreak(now - since)}</strong>{' '}
        {/* Not announced: it changes each second. */}
        <span aria-hidden="true">
          {seconds > 0 ? `Reconnecting in ${seconds} s` : 'Reconnecting…'}
          {attempt > 1 && ` (attempt ${attempt})`}
        </span>
      </p>
    </div>
  );
}

/** Where none of the others is sealed: one of both sides has come by another link. */
function Strangers({ session, onLock }: { session: Session; onLock: () => void }) {
  const lock = session.lock.value;
  if (lock.kind !== 'unsealed' || lock.sealed > 0) return null;
  const names = lock.ids.map(session.nameOf).filter((name) => name !== undefined);
  return (
    <div class="banner banner-warn" role="alert">
      <p>
        <strong>
          You cannot read {names.length > 0 ? listOf(names) : 'the others'}, nor can they read you.
        </strong>{' '}
        Not everybody here has the whole link.
      </p>
      <button class="button" type="button" onClick={onLock}>
        What to do
      </button>
    </div>
  );
}

function ConnectionBanner({ session }: { session: Session }) {
  const connection = session.connection.value;
  if (connection.status === 'reconnecting') return <Reconnecting {...connection} />;
  if (connection.status !== 'closed') return null;
  const why = explainClose(connection.reason, session.room_id);
  if (why === undefined) return null;
  return (
    <div class="banner banner-over" role="alert">
      <p>
        <strong>{why.title}.</strong> {why.detail}
      </p>
      <WaysOut ways={why.ways_out} onWayOut={(way) => takeWayOut(way, session, session.own_name)} />
    </div>
  );
}

/** What is wrong with the connection or asked of the person, above the shared area; nothing while all is well. */
export function Banners({ session, onLock }: { session: Session; onLock: () => void }) {
  return (
    <div class="banners">
      <ConnectionBanner session={session} />
      <InvitationBanner session={session} />
      <Strangers session={session} onLock={onLock} />
    </div>
  );
}
