/** A router without a task, for tests of what the SDK makes of a grant with `state: "pending"`. */
import { expect, onTestFinished } from 'vitest';
import type { EntryProgress } from '../../../client/src/types.ts';
import type { ControlPush } from '../../../shared/protocol/control-channel.ts';
import { ControlDouble } from '../../support/control-double.ts';
import type { ControlOptions, ControlPeer } from '../../support/control-double.ts';
import { Inbox } from '../../support/inbox.ts';
import { startRelay, startRouter } from './setup.ts';

type Pending = Extract<EntryProgress, { status: 'pending' }>;

export const ROOM = '00157';
/** What comes by HTTP is not waited for, where the channel is what is tested. */
export const PATIENT = { pending_poll_ms: 60_000 };
export const HASTY = { pending_poll_ms: 10 };

async function startControl(options?: ControlOptions): Promise<ControlDouble> {
  const control = await ControlDouble.start(options);
  onTestFinished(() => control.stop());
  return control;
}

/** A router without a task, which tells of a control channel. */
export async function noTask(options?: ControlOptions, expires_in = 60_000) {
  const relay = await startRelay();
  const router = await startRouter(relay.url);
  const control = await startControl(options);
  const expires_at = Date.now() + expires_in;
  router.pending = { control_url: control.url, expires_at };
  const progress = new Inbox<EntryProgress>();
  const ready = (epoch = 2): ControlPush => ({
    type: 'room.ready',
    room_id: ROOM,
    url: relay.url,
    epoch,
    expires_at: Date.now() + 30_000,
  });
  const waits: ControlPush = { type: 'room.pending', room_id: ROOM, expires_at };
  const options_of = {
    router: router.url,
    timings: PATIENT,
    onProgress: (step: EntryProgress) => progress.put(step),
  };
  return { relay, router, control, expires_at, progress, ready, waits, options: options_of };
}

export const nextPending = (progress: Inbox<EntryProgress>) => progress.next() as Promise<Pending>;

/** The next channel, once it has asked for the present state. */
export async function nextChannel(control: ControlDouble): Promise<ControlPeer> {
  const peer = await control.connections.next();
  expect(await peer.messages.next()).toEqual({ type: 'sync' });
  return peer;
}
