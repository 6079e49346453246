import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** The time, ms since the epoch, ticking. */
export function useNow(): number {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 250);
    return () => clearInterval(timer);
  }, [now]);
  return now.value;
}
