import type { Signal } from '@preact/signals';
import { NAME_LIMIT } from '../protocol/messages.ts';

/** The display name. It is told to the others in the room, not to the service. */
export function NameField({ name, autofocus = false }: { name: Signal<string>; autofocus?: boolean }) {
  return (
    <label class="field">
      <span class="field-label">Your name</span>
      <input
        name="name"
        value={name.value}
        onInput={(event) => (name.value = event.currentTarget.value)}
        maxLength={NAME_LIMIT}
        autocomplete="nickname"
        autofocus={autofocus}
        required
        pattern=".*\S.*"
        title="A name for the others in the room"
        placeholder="How the others see you"
      />
    </label>
  );
}
