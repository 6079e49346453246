import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Members } from '../../../client/src/members.ts';
import type { Change } from '../../../client/src/members.ts';

const member = (client_id: string) => ({ client_id, sealed: false });
const joined = (client_id: string): Change => ({ event: 'joined', value: { client_id, sealed: false } });
const left = (client_id: string, gone: boolean): Change => ({ event: 'left', value: { client_id, gone } });
const peers = (...ids: string[]) => ids.map((client_id, slot) => ({ client_id, slot }));
const AWAY_MS = 60_000;
const nobody = (): void => {
  throw new Error('nobody has been away for too long');
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('Members', () => {
  it('takes the first welcome as it is, without itself', () => {
    const members = new Members('me', nobody);
    expect(members.welcome(peers('a', 'me', 'b'), AWAY_MS)).toEqual([joined('a'), joined('b')]);
    expect(members.list).toEqual([member('a'), member('b')]);
    expect(members.find('b')).toEqual(member('b'));
    expect(members.find('me')).toBeUndefined();
  });

  it('tells the difference to a later welcome; who is missing is away, not gone', () => {
    const members = new Members('me', nobody);
    members.welcome(peers('a', 'b'), AWAY_MS);
    expect(members.welcome(peers('c', 'b'), AWAY_MS)).toEqual([left('a', false), joined('c')]);
    expect(members.list).toEqual([member('c'), member('b')]);
  });

  it('tells of a break first and of the seat given up later', () => {
    const members = new Members('me', nobody);
    members.welcome(peers('a'), AWAY_MS);
    expect(members.left('a', 'resuming')).toEqual([left('a', false)]);
    expect(members.list).toEqual([]);
    expect(members.left('a', 'gone')).toEqual([left('a', true)]);
    expect(members.left('a', 'gone')).toEqual([]);
  });

  it('tells of a member that a welcome lacked when it turns out to be gone', () => {
    const members = new Members('me', nobody);
    members.welcome(peers('a'), AWAY_MS);
    members.welcome([], AWAY_MS);
    expect(members.left('a', 'gone')).toEqual([left('a', true)]);
  });

  it('keeps in mind who is away, whatever else it hears of the break', () => {
    const members = new Members('me', nobody);
    members.welcome(peers('a'), AWAY_MS);
    members.welcome([], AWAY_MS);
    expect(members.left('a', 'resuming')).toEqual([]);
    expect(members.left('a', 'gone')).toEqual([left('a', true)]);
  });

  it('tells of a return, after which there is nothing left to say about the break', () => {
    const members = new Members('me', nobody);
    members.welcome(peers('a'), AWAY_MS);
    members.left('a', 'resuming');
    expect(members.joined('a')).toEqual([joined('a')]);
  });

  it('passes over the return of a client whose connection was replaced without a word', () => {
    const members = new Members('me', nobody);
    members.welcome(peers('a'), AWAY_MS);
    expect(members.joined('a')).toEqual([]);
    expect(members.list).toEqual([member('a')]);
  });

  it('shows who is sealed, in a new list where that changes', () => {
    const members = new Members('me', nobody);
    members.seal(['b', 'c']);
    members.welcome(peers('a', 'b'), AWAY_MS);
    expect(members.list).toEqual([member('a'), { client_id: 'b', sealed: true }]);
    expect(members.joined('c')).toEqual([{ event: 'joined', value: { client_id: 'c', sealed: true } }]);
    const before = members.list;
    members.seal(['c', 'b', 'd']);
    expect(members.list).toBe(before);
    members.seal(['a', 'b']);
    expect(members.list).not.toBe(before);
    expect(members.list.map(({ sealed }) => sealed)).toEqual([true, true, false]);
  });

  it('ignores itself and strangers', () => {
    const members = new Members('me', nobody);
    expect(members.joined('me')).toEqual([]);
    expect(members.left('stranger', 'gone')).toEqual([]);
    expect(members.left('stranger', 'resuming')).toEqual([]);
    expect(members.list).toEqual([]);
  });

  it('announces joined and left in turn, so that a listener that counts ends with the list', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd');
    const action = fc.oneof(
      fc.record({ do: fc.constant('welcome' as const), ids: fc.uniqueArray(id) }),
      fc.record({ do: fc.constant('joined' as const), id }),
      fc.record({ do: fc.constant('left' as const), id, reason: fc.constantFrom('gone', 'resuming') }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        const members = new Members('me', nobody);
        const seen = new Set<string>();
        let slot = 100;
        for (const action of actions) {
          const changes =
            action.do === 'welcome'
              ? members.welcome(
                  action.ids.map((client_id) => ({ client_id, slot: slot++ })),
                  AWAY_MS,
                )
              : action.do === 'joined'
                ? members.joined(action.id)
                : members.left(action.id, action.reason);
          for (const { event, value } of changes) {
            const known = seen.has(value.client_id);
            // Only a member that is gone may be told of twice: when its connection broke, and for good.
            expect(event === 'joined' ? !known : known || value.gone).toBe(true);
            if (event === 'joined') seen.add(value.client_id);
            else seen.delete(value.client_id);
          }
          expect(new Set(members.list.map((member) => member.client_id))).toEqual(seen);
        }
      }),
    );
  });
});

describe('members that are away', () => {
  /** Members who keep what they tell by themselves. */
  function watched() {
    const told: Change[] = [];
    const members = new Members('me', (change) => told.push(change));
    members.welcome(peers('a', 'b', 'c'), AWAY_MS);
    return { members, told };
  }

  it('are gone after a while, once, whether they left before our own break or during it', () => {
    const { members, told } = watched();
    members.left('a', 'resuming');
    vi.advanceTimersByTime(20_000);
    members.pause();
    members.welcome(peers('c'), AWAY_MS);
    vi.advanceTimersByTime(39_999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual([left('a', true)]);
    vi.advanceTimersByTime(20_000);
    expect(told).toEqual([left('a', true), left('b', true)]);
    expect(members.left('a', 'gone')).toEqual([]);
    expect(members.joined('b')).toEqual([joined('b')]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are waited for only while we would hear of them', () => {
    const { members, told } = watched();
    members.left('a', 'resuming');
    members.pause();
    members.pause();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000_000);
    members.welcome(peers('b', 'c'), 100_000);
    vi.advanceTimersByTime(99_999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual([left('a', true)]);
  });

  it('are no longer waited for once they are back or told to be gone', () => {
    const { members, told } = watched();
    for (const id of ['a', 'b', 'c']) members.left(id, 'resuming');
    members.joined('a');
    members.left('b', 'gone');
    members.welcome(peers('a', 'c'), AWAY_MS);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000_000);
    expect(told).toEqual([]);
  });
});
