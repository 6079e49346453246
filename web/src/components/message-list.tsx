import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Session } from '../state/session.ts';
import { ChatEntry } from './chat-entry.tsx';

/** Who is this close to the end, px, reads along, and is kept at the end. */
const NEAR_END = 40;

/** What was said and what happened. Who reads further up stays there, and is told that there is more. */
export function MessageList({ session }: { session: Session }) {
  const list = useRef<HTMLDivElement>(null);
  const at_end = useRef(true);
  const last_id = useRef(0);
  const unseen = useSignal(false);
  const entries = session.entries.value;

  function showEnd(): void {
    list.current!.scrollTop = list.current!.scrollHeight;
    at_end.current = true;
    unseen.value = false;
  }

  useLayoutEffect(() => {
    const said = entries.filter((entry) => entry.kind === 'chat').filter(({ id }) => id > last_id.current);
    last_id.current = entries.at(-1)?.id ?? 0;
    if (at_end.current || said.some((entry) => entry.own)) showEnd();
    else if (said.length > 0) unseen.value = true;
  }, [entries]);

  function rememberPlace(): void {
    const { scrollTop, clientHeight, scrollHeight } = list.current!;
    at_end.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (at_end.current) unseen.value = false;
  }

  return (
    <div class="chat-log">
      <div
        class="chat-list"
        ref={list}
        onScroll={rememberPlace}
        role="log"
        aria-label="Messages"
        tabIndex={0}
      >
        {entries.map((entry) => (
          <ChatEntry key={entry.id} entry={entry} />
        ))}
      </div>
      {unseen.value && (
        <button
          class="button primary newer"
          type="button"
          onClick={() => {
            showEnd();
            list.current?.focus();
          }}
        >
          New messages
        </button>
      )}
    </div>
  );
}
