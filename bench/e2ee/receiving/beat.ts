/** Calls `send` for each of `senders`, 60 times a second, each at a moment of its own, until it is stopped. */
import { POSES_PER_SECOND } from './pose.ts';

export interface Beat {
  stop(): void;
}

export function startBeat(senders: number, send: (sender: number, number: number) => void): Beat {
  const started = performance.now();
  const sent = Array.from({ length: senders }, () => 0);
  const timer = setInterval(() => {
    const passed = ((performance.now() - started) * POSES_PER_SECOND) / 1_000;
    sent.forEach((before, sender) => {
      const due = Math.floor(passed + sender / senders);
      // Whoever was held up leaves out what is late, as a page would.
      if (before >= due) return;
      sent[sender] = due;
      send(sender, due);
    });
  }, 2);
  return { stop: () => clearInterval(timer) };
}
