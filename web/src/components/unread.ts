import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { View } from '../state/app.ts';

/** How many messages others have sent since the page was last seen. */
export function useUnread(view: View): number {
  const unread = useSignal(0);
  const session = view.kind === 'room' ? view.session : undefined;
  useEffect(() => {
    let last_id = 0;
    const seen = (): void => {
      if (!document.hidden) unread.value = 0;
    };
    seen();
    const stop = session?.entries.subscribe((entries) => {
      const news = entries.filter(({ id }) => id > last_id);
      last_id = entries.at(-1)?.id ?? 0;
      if (document.hidden) {
        unread.value = unread.peek() + news.filter((entry) => entry.kind === 'chat' && !entry.own).length;
      }
    });
    document.addEventListener('visibilitychange', seen);
    return () => {
      stop?.();
      document.removeEventListener('visibilitychange', seen);
    };
  }, [session, unread]);
  return unread.value;
}
