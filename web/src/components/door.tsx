import { useSignal } from '@preact/signals';
import { cleanName } from '../protocol/messages.ts';
import { enterRoom, goHome } from '../state/app.ts';
import type { Destination } from '../state/app.ts';
import { rememberedName, rememberName } from '../storage.ts';
import { NameField } from './name-field.tsx';
import { Page } from './page.tsx';
import { SealedNote } from './sealed-note.tsx';

/** The door of a room that somebody was invited to: asks the name before anything is sent. */
export function Door({ room }: { room: Destination }) {
  const name = useSignal(rememberedName());

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const own_name = cleanName(name.value);
    if (own_name === '') return;
    rememberName(own_name);
    enterRoom(room, own_name);
  }

  return (
    <Page>
      <form class="card narrow" onSubmit={submit}>
        <h1>
          Join room <span class="number">{room.room_id}</span>
        </h1>
        <NameField name={name} focus />
        <button class="button primary wide" type="submit">
          Join
        </button>
        <button class="button quiet wide" type="button" onClick={goHome}>
          Not now
        </button>
        <SealedNote />
      </form>
    </Page>
  );
}
