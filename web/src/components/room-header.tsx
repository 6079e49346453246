import type { Connection } from '../state/connection.ts';
import type { Session } from '../state/session.ts';
import { goHome } from '../state/app.ts';
import { Brand } from './brand.tsx';
import { CopyLink } from './copy-link.tsx';
import { LeaveIcon } from './icons.tsx';
import { LockButton } from './lock-button.tsx';
import { ViewTitle } from './view-title.tsx';

const STATUS: Record<Connection['status'], string> = {
  connecting: 'Connecting…',
  securing: 'Securing…',
  live: 'Live',
  reconnecting: 'Reconnecting…',
  closed: 'Disconnected',
};

export function RoomHeader({ session, onLock }: { session: Session; onLock: () => void }) {
  const { status } = session.connection.value;
  return (
    <header class="room-head">
      <Brand />
      <div class="room-what">
        <ViewTitle class="room-number">
          Room <span class="number">{session.room_id}</span>
        </ViewTitle>
        <p class={`status status-${status}`} role="status">
          <span class="status-dot" aria-hidden="true" />
          {STATUS[status]}
        </p>
        <LockButton session={session} onOpen={onLock} />
      </div>
      <div class="room-actions">
        <CopyLink link={session.link} />
        <button class="button" type="button" onClick={goHome}>
          <LeaveIcon />
          <span>Leave</span>
        </button>
      </div>
    </header>
  );
}
