/** What is kept of requests: idempotency keys, and failures of a source. Both expire by themselves. */
import type { Failures } from '../../domain/guessing.ts';
import { StoreBusy, type KeyRecord, type NewKey, type RoomStore } from '../../ports/room-store.ts';
import type { Context } from './context.ts';
import { countOnce } from './count-once.ts';
import { timeToLive } from './items.ts';
import { expressionParts, type Part } from './parts.ts';
import type { Places } from './keys.ts';
import type { Item } from './trouble.ts';

type RequestMethods = Pick<RoomStore, 'getKey' | 'getFailures' | 'countFailure'>;

/** Nothing counts these items, so they may be collected as soon as they have expired. */
const ttlOf = (expires_at: number) => timeToLive(expires_at, 0);

/** A round is lost only to another failure of the same source at the end of a window. */
const ROUNDS = 6;

export function keyOf(item: Item): KeyRecord {
  const { key_hash, body_hash, of_room, of_client, room_created_at, used_at, expires_at } = item;
  return {
    key_hash,
    body_hash,
    room_id: of_room,
    client_id: of_client,
    room_created_at,
    used_at,
    expires_at,
  } as KeyRecord;
}

/**
 * Puts the record of `key`, which gives this client's seat in `room` at `now`, unless the key has given one before and has
 * not expired. Undefined without a key.
 */
export function putKey(
  at: Places,
  key: NewKey | undefined,
  room: { room_id: string; created_at: number },
  client_id: string,
  now: number,
): Part | undefined {
  if (key === undefined) return undefined;
  const { table, key: primary } = at.key(key.key_hash);
  const condition = 'attribute_not_exists(#room_id) OR #expires_at <= :now';
  return {
    Put: {
      TableName: table,
      Item: {
        ...primary,
        ...key,
        of_room: room.room_id,
        of_client: client_id,
        room_created_at: room.created_at,
        used_at: now,
        ttl: ttlOf(key.expires_at),
      },
      ConditionExpression: condition,
      ...expressionParts(condition, { now }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

export function requestMethods({ calls, at }: Context): RequestMethods {
  const failuresOf = (item: Item): Failures => ({
    failures: item['failures'] as number,
    until: item['until'] as number,
  });

  return {
    async getKey(key_hash) {
      const item = await calls.get(at.key(key_hash));
      return item === undefined ? undefined : keyOf(item);
    },

    async getFailures(source) {
      const item = await calls.get(at.failures(source));
      return item && failuresOf(item);
    },

    async countFailure(source, now, until) {
      const place = at.failures(source);
      const another = () =>
        countOnce(calls, place, '#failures = #failures + :one', '#until > :now', { one: 1, now });
      const first = () =>
        countOnce(
          calls,
          place,
          '#failures = :one, #until = :until, #ttl = :ttl',
          'attribute_not_exists(#until) OR #until <= :now',
          { one: 1, until, ttl: ttlOf(until), now },
        );
      for (let round = 0; round < ROUNDS; round++) {
        const item = (await another()) ?? (await first());
        if (item !== undefined) return failuresOf(item);
      }
      throw new StoreBusy('failures are counted too fast');
    },
  };
}
