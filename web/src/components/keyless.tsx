import { KEY_FAULTS } from '../explain-sealing.ts';
import type { KeyFault } from '../route.ts';
import { goHome } from '../state/app.ts';
import { Page } from './page.tsx';
import { ViewTitle } from './view-title.tsx';

/** The link of a room, without what opens it. */
export function Keyless({ room_id, fault }: { room_id: string; fault: KeyFault }) {
  const { title, detail } = KEY_FAULTS[fault];
  return (
    <Page>
      <div class="card narrow">
        <ViewTitle>{title}</ViewTitle>
        <p>{detail}</p>
        <p>
          Ask whoever is in room <span class="number">{room_id}</span> to press <strong>Copy link</strong> and
          send you all of it, then paste it into the address bar.
        </p>
        <div class="ways-out">
          <button class="button primary" type="button" onClick={goHome}>
            Create a room of your own
          </button>
        </div>
      </div>
    </Page>
  );
}
