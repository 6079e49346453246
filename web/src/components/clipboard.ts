import { useSignal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** How long "copied" stays, ms. */
const FEEDBACK_MS = 2_500;

/** `refused`: the browser gives no access to the clipboard. */
export type Copying = 'none' | 'copied' | 'refused';

/** Copies text, and says what came of it. */
export function useClipboard(): { outcome: ReadonlySignal<Copying>; copy: (text: string) => Promise<void> } {
  const outcome = useSignal<Copying>('none');
  const timer = useRef<number>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  async function copy(text: string): Promise<void> {
    clearTimeout(timer.current);
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      outcome.value = 'refused';
      return;
    }
    outcome.value = 'copied';
    timer.current = window.setTimeout(() => (outcome.value = 'none'), FEEDBACK_MS);
  }
  return { outcome, copy };
}
