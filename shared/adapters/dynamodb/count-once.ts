/** Counts of what comes in crowds. */
import { randomUUID } from 'node:crypto';
import type { Calls } from './calls.ts';
import { update, type Place } from './parts.ts';
import type { Item } from './trouble.ts';

/**
 * Changes a count (`change` is what follows SET) where `condition` holds: the item as it is then; undefined if it does not
 * hold.
 *
 * Not in a transaction: of those that come at once DynamoDB cancels all but one, so that a crowd would be refused rather
 * than counted. Instead a repetition after a lost answer finds that it was the last one that counted; should another have
 * counted meanwhile, it counts twice, which does no harm: there is a crowd.
 */
export async function countOnce(
  calls: Calls,
  place: Place,
  change: string,
  condition: string,
  values: Readonly<Record<string, string | number>>,
): Promise<Item | undefined> {
  const by = randomUUID();
  const { kind, item } = await calls.update(
    update(
      place,
      `SET ${change}, #counted_by = :by`,
      `(${condition}) AND (attribute_not_exists(#counted_by) OR #counted_by <> :by)`,
      { ...values, by },
    ),
  );
  return kind === 'done' || item?.['counted_by'] === by ? item : undefined;
}
