import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { roomPath } from '../route.ts';
import { CheckIcon, LinkIcon } from './icons.tsx';

/** How long "Link copied" stays, ms. */
const FEEDBACK_MS = 2_500;

/**
 * Copies the link of the room. Where the browser gives no access to the clipboard (a page that is not on https or
 * localhost), the link is shown and selected instead.
 */
export function CopyLink({ room_id }: { room_id: string }) {
  const outcome = useSignal<'none' | 'copied' | 'shown'>('none');
  const timer = useRef<number>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const link = location.origin + roomPath(room_id);

  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(selectLink, [outcome.value]);

  /** Only what is selected in the field that has the focus is copied by the keyboard. */
  function selectLink(): void {
    field.current?.focus();
    field.current?.select();
  }

  async function copy(): Promise<void> {
    clearTimeout(timer.current);
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      outcome.value = 'shown';
      selectLink();
      return;
    }
    outcome.value = 'copied';
    timer.current = window.setTimeout(() => (outcome.value = 'none'), FEEDBACK_MS);
  }

  const copied = outcome.value === 'copied';
  return (
    <div class="copy-link">
      {outcome.value === 'shown' && (
        <input
          ref={field}
          class="link-field"
          readOnly
          value={link}
          aria-label="Link of the room: copy it with Ctrl+C"
        />
      )}
      <button
        class={copied ? 'button primary done' : 'button primary'}
        type="button"
        onClick={() => void copy()}
      >
        {copied ? <CheckIcon /> : <LinkIcon />}
        <span>{copied ? 'Link copied' : 'Copy link'}</span>
      </button>
      <span class="visually-hidden" role="status">
        {copied && 'The link of the room is in the clipboard.'}
      </span>
    </div>
  );
}
