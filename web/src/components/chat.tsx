import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { CHAT_LIMIT } from '../protocol/messages.ts';
import type { Session } from '../state/session.ts';
import { ChatEntry } from './chat-entry.tsx';
import { SendIcon } from './icons.tsx';

/** Who is this close to the end, px, reads along, and is kept at the end. */
const NEAR_END = 40;

/** What is said and what happens, and the field to say something. */
export function Chat({ session }: { session: Session }) {
  const draft = useSignal('');
  const unsent = useSignal(false);
  const list = useRef<HTMLDivElement>(null);
  const at_end = useRef(true);
  const entries = session.entries.value;
  const live = session.connection.value.status === 'live';

  useLayoutEffect(() => {
    if (at_end.current && list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [entries]);

  const remember_place = (): void => {
    const { scrollTop, clientHeight, scrollHeight } = list.current!;
    at_end.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
  };

  function say(): void {
    if (draft.value.trim() === '') return;
    at_end.current = true;
    unsent.value = !session.say(draft.value);
    if (!unsent.value) draft.value = '';
  }

  return (
    <section class="chat" aria-labelledby="chat-title">
      <h2 id="chat-title">Chat</h2>
      <div
        class="chat-list"
        ref={list}
        onScroll={remember_place}
        role="log"
        aria-label="Messages"
        tabIndex={0}
      >
        {entries.map((entry) => (
          <ChatEntry key={entry.id} entry={entry} session={session} />
        ))}
      </div>
      <form
        class="composer"
        onSubmit={(event) => {
          event.preventDefault();
          say();
        }}
      >
        <label class="visually-hidden" for="chat-draft">
          Message, at most {CHAT_LIMIT} characters. Enter sends, Shift and Enter is a new line.
        </label>
        <textarea
          id="chat-draft"
          rows={1}
          maxLength={CHAT_LIMIT}
          placeholder="Say something"
          value={draft.value}
          onInput={(event) => {
            draft.value = event.currentTarget.value;
            unsent.value = false;
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            say();
          }}
        />
        <button class="button primary send" type="submit" disabled={!live || draft.value.trim() === ''}>
          <SendIcon />
          <span class="visually-hidden">Send</span>
        </button>
      </form>
      <p class="composer-note">
        <span class="fault" role="status">
          {unsent.value && 'Not sent: there is no connection. Your text is kept.'}
        </span>
        <span class="counter" aria-hidden="true">
          {draft.value.length} / {CHAT_LIMIT}
        </span>
      </p>
    </section>
  );
}
