import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { explainBreak, explainClose } from '../explain.ts';
import { takeWayOut } from '../state/app.ts';
import type { Connection } from '../state/connection.ts';
import type { Session } from '../state/session.ts';
import { WaysOut } from './ways-out.tsx';

/** The time, ms since the epoch, ticking. */
function useNow(): number {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 250);
    return () => clearInterval(timer);
  }, [now]);
  return now.value;
}

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

/** What is wrong with the connection, above the shared area; nothing while all is well. */
export function Banner({ session }: { session: Session }) {
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
      <WaysOut ways={why.ways_out} onWayOut={(way) => takeWayOut(way, session.room_id, session.own_name)} />
    </div>
  );
}
