import { useEffect, useRef } from 'preact/hooks';
import { useClipboard } from './clipboard.ts';
import { CheckIcon, LinkIcon } from './icons.tsx';

/**
 * Copies the whole link of the room, with its secret. Where the browser gives no access to the clipboard, the link is
 * shown and selected instead.
 */
export function CopyLink({ link }: { link: string }) {
  const { outcome, copy } = useClipboard();
  const field = useRef<HTMLInputElement>(null);

  /** Only what is selected in the field that has the focus is copied by the keyboard. */
  function selectLink(): void {
    field.current?.focus();
    field.current?.select();
  }

  useEffect(selectLink, [outcome.value]);

  const copied = outcome.value === 'copied';
  return (
    <div class="copy-link">
      {outcome.value === 'refused' && (
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
        onClick={() => void copy(link).then(selectLink)}
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
