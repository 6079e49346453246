/** Who is in the room, as a value: pure, so that each order of events can be tested. */

/** `away`: the connection broke, the seat is kept for a while. */
export type Presence = 'here' | 'away';

/** The others of the room by client id, in the order of their arrival. */
export type Roster = ReadonlyMap<string, Presence>;

/** What a change means to the people in the room. */
export interface Change {
  kind: 'joined' | 'back' | 'away' | 'left';
  client_id: string;
}

export interface Step {
  roster: Roster;
  /** Undefined if nothing changed. */
  change: Change | undefined;
}

/** `client_id` connected. */
export function arrive(roster: Roster, client_id: string): Step {
  const before = roster.get(client_id);
  if (before === 'here') return { roster, change: undefined };
  return {
    roster: new Map(roster).set(client_id, 'here'),
    change: { kind: before === 'away' ? 'back' : 'joined', client_id },
  };
}

/** `client_id` disconnected; `gone`: for good. */
export function depart(roster: Roster, client_id: string, gone: boolean): Step {
  const before = roster.get(client_id);
  if (before === undefined || (before === 'away' && !gone)) return { roster, change: undefined };
  const next = new Map(roster);
  if (gone) next.delete(client_id);
  else next.set(client_id, 'away');
  return { roster: next, change: { kind: gone ? 'left' : 'away', client_id } };
}

/**
 * After an own break: `members` are connected now. Who is not among them was cut off by the same break, perhaps, and
 * is away until the relay says more.
 */
export function reconcile(roster: Roster, members: Iterable<string>): { roster: Roster; changes: Change[] } {
  const changes: Change[] = [];
  let next = roster;
  const apply = (step: Step): void => {
    next = step.roster;
    if (step.change !== undefined) changes.push(step.change);
  };
  const here = new Set(members);
  for (const client_id of roster.keys()) if (!here.has(client_id)) apply(depart(next, client_id, false));
  for (const client_id of here) apply(arrive(next, client_id));
  return { roster: next, changes };
}
