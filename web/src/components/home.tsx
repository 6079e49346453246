import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Explanation } from '../explain.ts';
import { INVITE_FAULTS } from '../explain-sealing.ts';
import { cleanName } from '../protocol/messages.ts';
import { parseInvite } from '../route.ts';
import type { Invite } from '../route.ts';
import { enterRoom, openRoom } from '../state/app.ts';
import { rememberedName, rememberName } from '../storage.ts';
import { NameField } from './name-field.tsx';
import { Page } from './page.tsx';
import { SealedNote } from './sealed-note.tsx';
import { ViewTitle } from './view-title.tsx';

/** The start page: create a room, or join one by its link. */
export function Home({ failure }: { failure: Explanation | undefined }) {
  const name = useSignal(rememberedName());
  const seats = useSignal('');
  const invite = useSignal('');
  const invite_fault = useSignal<Extract<Invite, { kind: 'refused' }>['fault'] | undefined>(undefined);

  const fault = useRef<HTMLParagraphElement>(null);
  const joining = invite.value.trim() !== '';
  // On a phone it would be below what is shown.
  useEffect(() => fault.current?.scrollIntoView({ block: 'nearest' }), [invite_fault.value]);

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const own_name = cleanName(name.value);
    if (own_name === '') return;
    const asked = joining ? parseInvite(invite.value, location.origin) : undefined;
    invite_fault.value = asked?.kind === 'refused' ? asked.fault : undefined;
    if (asked?.kind === 'refused') return;
    rememberName(own_name);
    if (asked === undefined) openRoom(own_name, seats.value === '' ? undefined : Number(seats.value));
    else enterRoom(asked, own_name);
  }

  return (
    <Page>
      <div class="home">
        <div class="intro">
          <ViewTitle>Open a room, send the link, be there together.</ViewTitle>
          <p>
            Everybody with the link sees who is here, follows each other’s pointer and chats. No account,
            nothing to install; the room goes when the last one leaves.
          </p>
          <SealedNote what="Rooms are" />
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
              <span class="field-label">Link of the room</span>
              <input
                name="invite"
                value={invite.value}
                onInput={(event) => {
                  invite.value = event.currentTarget.value;
                  invite_fault.value = undefined;
                }}
                placeholder={`${location.host}/r/12345#…`}
                autocomplete="off"
                spellcheck={false}
                aria-invalid={invite_fault.value !== undefined}
                aria-describedby="invite-fault"
              />
            </label>
            <button class={joining ? 'button primary' : 'button'} type="submit" disabled={!joining}>
              Join
            </button>
          </div>
          <p class="fault" id="invite-fault" role="status" ref={fault}>
            {invite_fault.value !== undefined && INVITE_FAULTS[invite_fault.value]}
          </p>
        </form>
      </div>
    </Page>
  );
}
