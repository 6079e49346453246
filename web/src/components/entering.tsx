import { goHome } from '../state/app.ts';
import { Page } from './page.tsx';
import { ViewTitle } from './view-title.tsx';

/** While a room is being created or joined. */
export function Entering({ room_id }: { room_id: string | undefined }) {
  return (
    <Page>
      <div class="card narrow centred">
        <span class="spinner" aria-hidden="true" />
        <ViewTitle class="quiet-title">
          {room_id === undefined ? 'Opening a room…' : `Joining room ${room_id}…`}
        </ViewTitle>
        <button class="button quiet" type="button" onClick={goHome}>
          Cancel
        </button>
      </div>
    </Page>
  );
}
