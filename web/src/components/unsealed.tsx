import { UnlockedIcon } from './icons.tsx';

/** Says what this room is not. It goes when the frames are encrypted end to end. */
export function Unsealed({ what = 'This room is' }: { what?: string }) {
  return (
    <p class="unsealed">
      <UnlockedIcon />
      <span>
        <strong>{what} not sealed yet.</strong> There is no end-to-end encryption: the relay could read what
        is sent.
      </span>
    </p>
  );
}
