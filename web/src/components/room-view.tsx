import { useSignal } from '@preact/signals';
import type { Session } from '../state/session.ts';
import { Banners } from './banner.tsx';
import { Chat } from './chat.tsx';
import { LockDialog } from './lock-dialog.tsx';
import { MoveDialog } from './move-dialog.tsx';
import { People } from './people.tsx';
import { RoomHeader } from './room-header.tsx';
import { Stage } from './stage.tsx';

/** What is open in front of the room. `without`: who is left out, to begin with. */
type Front = { kind: 'nothing' } | { kind: 'lock' } | { kind: 'move'; without: readonly string[] };

/** A room from the inside. */
export function RoomView({ session }: { session: Session }) {
  const front = useSignal<Front>({ kind: 'nothing' });
  const show = (next: Front): void => {
    front.value = next;
  };
  const showLock = (): void => show({ kind: 'lock' });
  const close = (): void => show({ kind: 'nothing' });
  return (
    <div class="room">
      <RoomHeader session={session} onLock={showLock} />
      <main class="room-main">
        <div class="stage-frame">
          <Banners session={session} onLock={showLock} />
          <Stage session={session} />
        </div>
        <aside class="side" aria-label="People and chat">
          <People
            session={session}
            onMoveWithout={(client_id) => show({ kind: 'move', without: [client_id] })}
          />
          <Chat session={session} />
        </aside>
      </main>
      {front.value.kind === 'lock' && (
        <LockDialog session={session} onClose={close} onMove={() => show({ kind: 'move', without: [] })} />
      )}
      {front.value.kind === 'move' && (
        <MoveDialog session={session} chosen={front.value.without} onClose={close} />
      )}
    </div>
  );
}
