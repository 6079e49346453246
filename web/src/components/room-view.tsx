import type { Session } from '../state/session.ts';
import { Banner } from './banner.tsx';
import { Chat } from './chat.tsx';
import { People } from './people.tsx';
import { RoomHeader } from './room-header.tsx';
import { Stage } from './stage.tsx';
import { Unsealed } from './unsealed.tsx';

/** A room from the inside. */
export function RoomView({ session }: { session: Session }) {
  return (
    <div class="room">
      <RoomHeader session={session} />
      <main class="room-main">
        <div class="stage-frame">
          <Banner session={session} />
          <Stage session={session} />
        </div>
        <aside class="side" aria-label="People and chat">
          <People session={session} />
          <Chat session={session} />
          <Unsealed />
        </aside>
      </main>
    </div>
  );
}
