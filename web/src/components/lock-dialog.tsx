import { explainLock, explainUnreadable } from '../explain-sealing.ts';
import type { Session } from '../state/session.ts';
import { Dialog } from './dialog.tsx';
import { MoveOnIcon } from './icons.tsx';
import { LockIcon } from './lock-button.tsx';
import { SafetyNumber } from './safety-number.tsx';

/** What could not be opened, one line for each sender. */
function Unreadable({ session }: { session: Session }) {
  const unreadable = session.unreadable.value;
  if (unreadable.length === 0) return null;
  return (
    <section aria-labelledby="unreadable-title">
      <h3 id="unreadable-title">Not opened</h3>
      <ul class="unreadable">
        {unreadable.map(({ from, count, reason }) => (
          <li key={from ?? ''}>
            {explainUnreadable(from === undefined ? undefined : session.nameOf(from), count, reason)}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What the lock means, and how to make sure of it. */
export function LockDialog(props: { session: Session; onClose: () => void; onMove: () => void }) {
  const { session } = props;
  const lock = session.lock.value;
  const { title, paragraphs } = explainLock(lock, session.nameOf);
  return (
    <Dialog
      title={
        <span class={`lock-title lock-${lock.kind}`}>
          <LockIcon lock={lock} />
          {title}
        </span>
      }
      onClose={props.onClose}
    >
      {paragraphs.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      <SafetyNumber session={session} />
      <Unreadable session={session} />
      <div class="dialog-actions">
        <button class="button" type="button" onClick={props.onMove}>
          <MoveOnIcon />
          <span>Move to a new room…</span>
        </button>
      </div>
    </Dialog>
  );
}
