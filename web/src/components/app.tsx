import { useEffect, useRef } from 'preact/hooks';
import { goHome, pending, takeWayOut, view } from '../state/app.ts';
import type { View } from '../state/app.ts';
import { Door } from './door.tsx';
import { Entering } from './entering.tsx';
import { Home } from './home.tsx';
import { Keyless } from './keyless.tsx';
import { Problem } from './problem.tsx';
import { RoomView } from './room-view.tsx';
import { useUnread } from './unread.ts';
import { FirstView } from './view-title.tsx';

function titleOf(current: View): string {
  if (current.kind === 'room') return `Room ${current.session.room_id} · Anteroom`;
  if (current.kind === 'door' || current.kind === 'refused') return `Room ${current.room.room_id} · Anteroom`;
  if (current.kind === 'keyless') return `Room ${current.room_id} · Anteroom`;
  if (current.kind === 'entering') {
    // Who waits for a minute looks elsewhere.
    if (pending.value !== undefined) return 'Starting a server… · Anteroom';
    return `${current.room_id === undefined ? 'Opening a room' : `Joining room ${current.room_id}`} · Anteroom`;
  }
  return 'Anteroom';
}

function Current({ view: current }: { view: View }) {
  if (current.kind === 'home') return <Home failure={current.failure} />;
  if (current.kind === 'door') return <Door key={current.room.link} room={current.room} />;
  if (current.kind === 'keyless') return <Keyless {...current} />;
  if (current.kind === 'entering') return <Entering room_id={current.room_id} />;
  if (current.kind === 'room') return <RoomView key={current.session.client_id} session={current.session} />;
  if (current.kind === 'refused') {
    const { room, name, failure } = current;
    return <Problem {...failure} onWayOut={(way) => takeWayOut(way, room, name)} />;
  }
  return (
    <Problem
      title="There is nothing at this address"
      detail="The link of a room has /r/ and its number in it, and ends in its key."
      ways_out={['create']}
      onWayOut={goHome}
    />
  );
}

/** The page: one view at a time. */
export function App() {
  const current = view.value;
  const first = useRef(current).current;
  const unread = useUnread(current);
  const title = (unread > 0 ? `(${unread}) ` : '') + titleOf(current);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <FirstView.Provider value={current === first}>
      <Current view={current} />
    </FirstView.Provider>
  );
}
