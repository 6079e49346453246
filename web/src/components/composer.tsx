import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { CHAT_LIMIT } from '../protocol/messages.ts';
import { isConnected } from '../state/connection.ts';
import type { Saying, Session } from '../state/session.ts';
import { SendIcon } from './icons.tsx';
import { sendsDraft } from './keys.ts';

const UNSENT: Record<Saying, string> = {
  said: '',
  empty: 'Not sent: there is nothing in it to be seen.',
  offline: 'Not sent: there is no connection. Your text is kept.',
};

/** The field to say something. */
export function Composer({ session }: { session: Session }) {
  const draft = useSignal('');
  const outcome = useSignal<Saying>('said');
  const field = useRef<HTMLTextAreaElement>(null);
  const connected = isConnected(session.connection.value);

  function say(): void {
    if (draft.value.trim() === '') return;
    outcome.value = session.say(draft.value);
    if (outcome.value === 'said') draft.value = '';
    // The button, if it was that, cannot be used any more.
    field.current?.focus();
  }

  return (
    <>
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
          ref={field}
          id="chat-draft"
          rows={1}
          maxLength={CHAT_LIMIT}
          placeholder="Say something"
          value={draft.value}
          onInput={(event) => {
            draft.value = event.currentTarget.value;
            outcome.value = 'said';
          }}
          onKeyDown={(event) => {
            if (!sendsDraft(event)) return;
            event.preventDefault();
            say();
          }}
        />
        <button class="button primary send" type="submit" disabled={!connected || draft.value.trim() === ''}>
          <SendIcon />
          <span class="visually-hidden">Send</span>
        </button>
      </form>
      <p class="composer-note">
        <span class="fault" role="status">
          {UNSENT[outcome.value]}
        </span>
        <span class="counter" aria-hidden="true">
          {draft.value.length} / {CHAT_LIMIT}
        </span>
      </p>
    </>
  );
}
