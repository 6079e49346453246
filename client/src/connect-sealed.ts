/** How sealed rooms are entered. Whatever can be refused is refused before the router gives a seat away. */
import { creation, enter, entryOf, joining, teller } from './connect.ts';
import type { CreationOptions, Door, Entry, Internals } from './connect.ts';
import { formatLink, newLinkSecret, parseLink } from './e2ee/link.ts';
import { AnteroomError, notSecure } from './errors.ts';
import { pageFor, pageOf } from './page.ts';
import type { Platform } from './platform.ts';
import { ConnectedSealedRoom } from './sealed-room.ts';
import type { RoomKey } from './sealed-room.ts';
import type {
  CreateRoomOptions,
  CreateUnencryptedRoomOptions,
  JoinRoomOptions,
  SealedRoom,
} from './types.ts';

type Kind = CreateUnencryptedRoomOptions['kind'];

function expectSealing(platform: Platform): void {
  if (!platform.canSeal()) throw notSecure();
}

/** Opens rooms with the key, and from there the rooms that follow them, which are of kind `kind` unless another is named. */
const openSealed = (entry: Entry, key: RoomKey, kind?: Kind): Door<ConnectedSealedRoom> => ({
  open: (grant) =>
    new ConnectedSealedRoom(grant, entry, key, (options) => {
      const { signal, onProgress } = options;
      return createSealed({ ...entry, signal, tell: teller(onProgress) }, key.page, { kind, ...options });
    }),
  linkOf: (room_id) => formatLink(key.page, room_id, key.secret),
});

function createSealed(entry: Entry, page: string, options: CreationOptions): Promise<ConnectedSealedRoom> {
  const key = { page, secret: newLinkSecret((bytes) => entry.platform.fillRandom(bytes)) };
  return enter(entry, creation(entry, options), openSealed(entry, key, options.kind));
}

export async function createRoomOn(internals: Internals, options: CreateRoomOptions): Promise<SealedRoom> {
  const { platform } = internals;
  const entry = entryOf(internals, options);
  const page = pageFor(options.page, platform.pageUrl(), options.router);
  expectSealing(platform);
  return createSealed(entry, page, options);
}

export async function joinRoomOn(
  internals: Internals,
  link: string,
  options: JoinRoomOptions,
): Promise<SealedRoom> {
  const reading = parseLink(link);
  if (reading.kind === 'refused') throw new AnteroomError('invalid_argument', reading.message);
  const entry = entryOf(internals, options);
  expectSealing(internals.platform);
  const { room_id, secret } = reading;
  const key = { page: pageOf(link), secret };
  return enter(entry, joining(entry, room_id, options.resume), openSealed(entry, key));
}
