import type { ComponentType } from 'preact';
import { lockLabel } from '../explain-sealing.ts';
import type { Lock } from '../state/sealing.ts';
import type { Session } from '../state/session.ts';
import { LockAlertIcon, LockedIcon, UnlockedIcon } from './icons.tsx';

const ICON: Record<Lock['kind'], ComponentType> = {
  offline: LockedIcon,
  securing: () => <span class="spinner" aria-hidden="true" />,
  alone: LockedIcon,
  sealed: LockedIcon,
  unsealed: UnlockedIcon,
  disagreeing: LockAlertIcon,
};

/** The icon of a lock. It only accompanies text. */
export function LockIcon({ lock }: { lock: Lock }) {
  const Icon = ICON[lock.kind];
  return <Icon />;
}

/** Says whom the encryption covers, and opens what there is to know of that. */
export function LockButton({ session, onOpen }: { session: Session; onOpen: () => void }) {
  const lock = session.lock.value;
  const { state, rest } = lockLabel(lock, session.nameOf);
  return (
    <div class="lock-frame" role="status">
      <button class={`lock lock-${lock.kind}`} type="button" onClick={onOpen} aria-haspopup="dialog">
        <LockIcon lock={lock} />
        <span class="lock-text">
          {state}
          {rest !== '' && <span class="lock-rest"> · {rest}</span>}
        </span>
      </button>
    </div>
  );
}
