import type { Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { cleanName, NAME_LIMIT } from '../protocol/messages.ts';

/** The display name. It is told to the others in the room, not to the service. */
export function NameField({ name, focus = false }: { name: Signal<string>; focus?: boolean }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) field.current?.focus();
  }, []);
  return (
    <label class="field">
      <span class="field-label">Your name</span>
      <input
        ref={field}
        name="name"
        value={name.value}
        onInput={({ currentTarget: input }) => {
          name.value = input.value;
          // The browser says so when the form is submitted; of an empty field it knows by itself.
          const unseen = input.value !== '' && cleanName(input.value) === '';
          input.setCustomValidity(unseen ? 'Please type a name that can be seen.' : '');
        }}
        maxLength={NAME_LIMIT}
        autocomplete="nickname"
        required
        placeholder="How the others see you"
      />
    </label>
  );
}
