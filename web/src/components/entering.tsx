import { goHome, pending } from '../state/app.ts';
import { stopwatch } from '../words.ts';
import { CopyLink } from './copy-link.tsx';
import { useNow } from './now.ts';
import { Page } from './page.tsx';
import { ViewTitle } from './view-title.tsx';

/** How long one has waited. It can be read, but is not announced: it changes each second. */
function Waited({ since }: { since: number }) {
  return (
    <p class="waited number" role="timer" aria-label="Waiting for">
      {stopwatch(useNow() - since)}
    </p>
  );
}

/** While a room is being created or joined, which takes longer where a server has to be started for it. */
export function Entering({ room_id }: { room_id: string | undefined }) {
  const waits = pending.value;
  return (
    <Page>
      <div class="card narrow centred">
        <span class="spinner" aria-hidden="true" />
        {/* Announced when it becomes another. */}
        <div class="entering" role="status">
          <ViewTitle class={waits === undefined ? 'quiet-title' : ''}>
            {waits !== undefined
              ? 'A server is being started for your room'
              : room_id === undefined
                ? 'Opening a room…'
                : `Joining room ${room_id}…`}
          </ViewTitle>
          {waits !== undefined && (
            <p>
              This takes a minute or two; you are let in as soon as it is up. The link works already: whoever
              opens it waits as well.
            </p>
          )}
        </div>
        {waits !== undefined && <Waited since={waits.since} />}
        <div class="entering-actions">
          {waits?.link !== undefined && <CopyLink link={waits.link} />}
          <button class="button quiet" type="button" onClick={goHome}>
            Cancel
          </button>
        </div>
      </div>
    </Page>
  );
}
