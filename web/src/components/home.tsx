import { useSignal } from '@preact/signals';
import type { Explanation } from '../explain.ts';
import { cleanName } from '../protocol/messages.ts';
import { parseInvite } from '../route.ts';
import { enterRoom, openRoom } from '../state/app.ts';
import { rememberedName, rememberName } from '../storage.ts';
import { NameField } from './name-field.tsx';
import { Page } from './page.tsx';
import { Unsealed } from './unsealed.tsx';
import { ViewTitle } from './view-title.tsx';

/** The start page: create a room, or join one by its number or link. */
export function Home({ failure }: { failure: Explanation | undefined }) {
  const name = useSignal(rememberedName());
  const seats = useSignal('');
  const invite = useSignal('');
  const invite_fault = useSignal(false);

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const own_name = cleanName(name.value);
    if (own_name === '') return;
    const joining = invite.value.trim() !== '';
    const room_id = parseInvite(invite.value);
    invite_fault.value = joining && room_id === undefined;
    if (invite_fault.value) return;
    rememberName(own_name);
    if (room_id === undefined) openRoom(own_name, seats.value === '' ? undefined : Number(seats.value));
    else enterRoom(room_id, own_name);
  }

  const joining = invite.value.trim() !== '';
  return (
    <Page>
      <div class="home">
        <div class="intro">
          <ViewTitle>Open a room, send the link, be there together.</ViewTitle>
          <p>
            Everybody with the link sees who is here, follows each other’s pointer and chats. No account,
            nothing to install; the room goes when the last one leaves.
          </p>
          <Unsealed what="Rooms are" />
        </div>
        <form class="card" onSubmit={submit}>
          {failure !== undefined && (
            <p class="alert" role="alert">
              <strong>{failure.title}.</strong> {failure.detail}
            </p>
          )}
          <NameField name={name} />
          <label class="field">
            <span class="field-label">
              Seats <span class="field-hint">optional</span>
            </span>
            <input
              name="seats"
              type="number"
              inputMode="numeric"
              min={1}
              max={1000}
              step={1}
              value={seats.value}
              onInput={(event) => (seats.value = event.currentTarget.value)}
              placeholder="As many as there can be"
              disabled={joining}
            />
          </label>
          {/* Enter in any field presses the first button that submits, or none if that one is disabled. */}
          <button class="button primary wide" type={joining ? 'button' : 'submit'} disabled={joining}>
            Create a room
          </button>
          <p class="or">
            <span>or join one</span>
          </p>
          <div class="join-row">
            <label class="field">
              <span class="field-label">Room number or link</span>
              <input
                name="invite"
                value={invite.value}
                onInput={(event) => {
                  invite.value = event.currentTarget.value;
                  invite_fault.value = false;
                }}
                placeholder="12345"
                autocomplete="off"
                spellcheck={false}
                aria-invalid={invite_fault.value}
                aria-describedby="invite-fault"
              />
            </label>
            <button class={joining ? 'button primary' : 'button'} type="submit" disabled={!joining}>
              Join
            </button>
          </div>
          <p class="fault" id="invite-fault" role="status">
            {invite_fault.value && 'That is no room number (4 to 12 digits) and no link to a room.'}
          </p>
        </form>
      </div>
    </Page>
  );
}
