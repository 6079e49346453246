/** What is kept of requests: idempotency keys, and failures of a source. Both expire by themselves. */
import { randomUUID } from 'node:crypto';
import type { Failures } from '../../domain/guessing.ts';
import { StoreBusy, type KeyRecord, type NewKey, type RoomStore } from '../../ports/room-store.ts';
import type { Context } from './context.ts';
import { expressionParts, type Part, update } from './parts.ts';
import type { Item } from './trouble.ts';

type RequestMethods = Pick<RoomStore, 'getKey' | 'getFailures' | 'countFailure'>;

/** Nothing counts these items, so they may be collected as soon as they have expired. Seconds. */
const timeToLive = (expires_at: number) => Math.ceil(expires_at / 1_000);

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

/** Puts the record of `key`, which gives this seat at `now`, unless the key has given one before and has not expired. */
export function putKey(
  { at }: Pick<Context, 'at'>,
  key: NewKey,
  seat: { room_id: string; client_id: string; room_created_at: number },
  now: number,
): Part {
  const { table, key: primary } = at.key(key.key_hash);
  const condition = 'attribute_not_exists(#room_id) OR #expires_at <= :now';
  return {
    Put: {
      TableName: table,
      Item: {
        ...primary,
        ...key,
        of_room: seat.room_id,
        of_client: seat.client_id,
        room_created_at: seat.room_created_at,
        used_at: now,
        ttl: timeToLive(key.expires_at),
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
      // Not in transactions: of those that come at once DynamoDB cancels all but one, and a crowd of guesses would be
      // refused rather than counted. Instead a repetition after a lost answer finds that it was the last one that counted;
      // should another have counted meanwhile, it counts twice, which does no harm.
      const by = randomUUID();
      const another = update(
        place,
        'SET #failures = #failures + :one, #counted_by = :by',
        '#until > :now AND #counted_by <> :by',
        { one: 1, by, now },
      );
      const first = update(
        place,
        'SET #failures = :one, #until = :until, #ttl = :ttl, #counted_by = :by',
        'attribute_not_exists(#until) OR #until <= :now',
        { one: 1, until, ttl: timeToLive(until), by, now },
      );
      for (let round = 0; round < ROUNDS; round++) {
        for (const count of [another, first]) {
          const { kind, item } = await calls.update(count);
          if (item !== undefined && (kind === 'done' || item['counted_by'] === by)) return failuresOf(item);
        }
      }
      throw new StoreBusy('failures are counted too fast');
    },
  };
}
