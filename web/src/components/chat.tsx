import type { Session } from '../state/session.ts';
import { Composer } from './composer.tsx';
import { MessageList } from './message-list.tsx';

/** What is said and what happens, and the field to say something. Apart, so that typing does not draw the list anew. */
export function Chat({ session }: { session: Session }) {
  return (
    <section class="chat" aria-labelledby="chat-title">
      <h2 id="chat-title">Chat</h2>
      <MessageList session={session} />
      <Composer session={session} />
    </section>
  );
}
