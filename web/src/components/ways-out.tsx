import type { WayOut } from '../explain.ts';

const LABEL: Record<WayOut, string> = {
  retry: 'Try again',
  rejoin: 'Join again',
  create: 'Create a new room',
  secure: 'Open on https',
};

/** Buttons for the ways out of a failure, the best one first. */
export function WaysOut({ ways, onWayOut }: { ways: readonly WayOut[]; onWayOut: (way: WayOut) => void }) {
  return (
    <div class="ways-out">
      {ways.map((way, index) => (
        <button
          key={way}
          type="button"
          class={index === 0 ? 'button primary' : 'button'}
          onClick={() => onWayOut(way)}
        >
          {LABEL[way]}
        </button>
      ))}
    </div>
  );
}
