import { erase } from './e2ee/bytes.ts';
import type { Bytes } from './e2ee/bytes.ts';
import { formatLink } from './e2ee/link.ts';
import { MAX_PEERS } from './e2ee/limits.ts';
import { AnteroomError } from './errors.ts';
import type { OpenGrant } from './grant.ts';
import { ConnectedRoom } from './room.ts';
import type { SessionDeps, SessionEvents } from './session.ts';
import type { MoveOptions, SealedRoom } from './types.ts';

/** What the link of a room is made of, besides its id. */
export interface RoomKey {
  /** URL below which rooms are `r/<room_id>`. */
  page: string;
  secret: Bytes;
}

/** Makes another room, with a key of its own, and enters it. */
export type CreateNext = (options: MoveOptions & { max_clients: number }) => Promise<ConnectedSealedRoom>;

function checkIds(client_ids: readonly string[]): void {
  if (Array.isArray(client_ids) && client_ids.every((id) => typeof id === 'string')) return;
  throw new AnteroomError(
    'invalid_argument',
    'moveWithout needs a list of client ids, such as [member.client_id]',
  );
}

/** A sealed room over a session. */
export class ConnectedSealedRoom extends ConnectedRoom implements SealedRoom {
  readonly link: string;
  readonly key: RoomKey;
  readonly #createNext: CreateNext;

  constructor(grant: OpenGrant, deps: Omit<SessionDeps, 'sealing'>, key: RoomKey, createNext: CreateNext) {
    const { room_id, max_clients } = grant;
    const max_peers = Math.max(MAX_PEERS, max_clients);
    super(grant, { ...deps, sealing: { room_id, secret: key.secret, max_peers } });
    this.link = formatLink(key.page, room_id, key.secret);
    this.key = key;
    this.#createNext = createNext;
  }

  async safetyNumber(): Promise<string> {
    return this.session.safetyNumber();
  }

  async moveWithout(client_ids: readonly string[], options: MoveOptions = {}): Promise<SealedRoom> {
    checkIds(client_ids);
    this.session.expectOpen();
    const left_out = new Set(client_ids);
    const next = await this.#createNext({ ...options, max_clients: this.max_clients });
    try {
      const stay = this.members.filter(({ client_id, sealed }) => sealed && !left_out.has(client_id));
      const ids = stay.map(({ client_id }) => client_id);
      await this.session.invite(ids, next.room_id, next.key.secret);
    } catch (error) {
      // Nobody would ever come.
      await next.leave();
      throw error;
    }
    return next;
  }

  protected override moved({ from, room_id, secret }: Parameters<SessionEvents['move']>[0]): void {
    const link = formatLink(this.key.page, room_id, secret);
    erase(secret);
    this.emitter.emit('move', { from, room_id, link });
  }
}
