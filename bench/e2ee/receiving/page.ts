/** The receiving page: enters a room with the SDK, which works in a Worker, and counts the poses that come. */
import { FRAME_CLASS, joinRoom, joinUnencryptedRoom } from '../../../client/src/index.ts';
import type { Room } from '../../../client/src/index.ts';
import { POSE_BYTES, POSE_MARK } from './pose.ts';

/** What Node answers in the place of the router. */
export type AskRouter = (
  url: string,
  headers: Record<string, string>,
  body: string,
) => Promise<{ status: number; body: string }>;

export interface Received {
  poses: number;
  senders: number;
}

let room: Room | undefined;
let poses = 0;
let wrong = 0;
const senders = new Set<string>();

/** The router knows no pages of other origins: it is asked from Node. */
const viaNode: typeof fetch = async (input, init) => {
  const { askRouter } = globalThis as unknown as { askRouter: AskRouter };
  const request = new Request(input, init);
  const headers = Object.fromEntries(request.headers);
  const { status, body } = await askRouter(request.url, headers, await request.text());
  return new Response(body, { status, headers: { 'content-type': 'application/json' } });
};

/** Enters the room of this link, or the unencrypted one of this id; resolves to the client id. */
export async function enter(target: { link: string } | { room_id: string }, router: string): Promise<string> {
  const options = { router, fetch: viaNode };
  room =
    'link' in target
      ? await joinRoom(target.link, options)
      : await joinUnencryptedRoom({ ...options, room_id: target.room_id });
  room.on('frame', ({ class: frame_class, from, payload }) => {
    if (frame_class !== FRAME_CLASS.POSE) return;
    poses++;
    senders.add(from);
    if (payload.length !== POSE_BYTES || payload.at(-1) !== POSE_MARK) wrong++;
  });
  room.on('error', () => wrong++);
  return room.client_id;
}

/** Of how many others we read what they send. */
export function members(): number {
  return room!.members.filter(({ sealed }) => sealed || room!.security.status === 'unencrypted').length;
}

/** What came since the last call. Throws if anything was not as it was sent. */
export function received(): Received {
  if (wrong > 0) throw new Error(`${wrong} of ${poses} poses are wrong, or errors`);
  const result = { poses, senders: senders.size };
  poses = 0;
  senders.clear();
  return result;
}

export async function leave(): Promise<void> {
  await room?.leave();
}
