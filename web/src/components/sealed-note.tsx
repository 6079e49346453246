import { LockedIcon } from './icons.tsx';

/** Says what it means that rooms are sealed. */
export function SealedNote({ what = 'This room is' }: { what?: string }) {
  return (
    <p class="sealed-note">
      <LockedIcon />
      <span>
        <strong>{what} sealed.</strong> What is said is encrypted from browser to browser: the servers in
        between cannot read it. The key is in the link, so give that only to those who may come in.
      </span>
    </p>
  );
}
