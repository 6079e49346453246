import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { explainClose } from '../explain.ts';
import { takeWayOut } from '../state/app.ts';
import type { Session } from '../state/session.ts';
import { WaysOut } from './ways-out.tsx';

/** Whole seconds until `at` (ms since the epoch), ticking. */
function useSecondsUntil(at: number | undefined): number {
  const now = useSignal(Date.now());
  useEffect(() => {
    if (at === undefined) return undefined;
    now.value = Date.now();
    const timer = setInterval(() => (now.value = Date.now()), 250);
    return () => clearInterval(timer);
  }, [at, now]);
  return at === undefined ? 0 : Math.max(0, Math.ceil((at - now.value) / 1_000));
}

function Reconnecting({ attempt, retry_at }: { attempt: number; retry_at: number | undefined }) {
  const seconds = useSecondsUntil(retry_at);
  return (
    <div class="banner banner-wait">
      <span class="spinner" aria-hidden="true" />
      <p>
        <strong role="status">The connection was lost. Your seat is kept.</strong>{' '}
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
      <WaysOut ways={why.ways_out} onWayOut={(way) => takeWayOut(way, session.room_id)} />
    </div>
  );
}
