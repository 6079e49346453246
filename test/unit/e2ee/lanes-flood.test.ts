import { expect, it } from 'vitest';
import { Inbox } from '../../../client/src/e2ee/inbox.ts';
import type { InboxEvents } from '../../../client/src/e2ee/inbox.ts';
import { MAX_LANE, MAX_SEQUENCE } from '../../../client/src/e2ee/lanes.ts';
import { RESEND_SOON_MS } from '../../../client/src/e2ee/limits.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { ROOM, testSender } from '../../support/e2ee.ts';

const SILENT: InboxEvents = {
  opened: () => undefined,
  control: () => undefined,
  foreign: () => false,
  refused: () => undefined,
  unknownKey: () => undefined,
  tooLate: () => undefined,
  noKey: () => undefined,
  lost: () => undefined,
  sorted: () => undefined,
};

it('a member that names gaps in all its lanes is asked for those of two, and costs no time', async () => {
  const { identity } = await testSender(nodeCrypto, 1);
  const verifier = (await nodeCrypto.verifier(identity.id_pk))!;
  const settings = { room: ROOM, sender: { id: identity.id, verifier }, own_id: ROOM, past: undefined };
  const inbox = new Inbox(nodeCrypto, settings, SILENT);
  const gap = { start: 0, next: MAX_SEQUENCE + 1 };
  const spans = { control: gap, messages: gap };
  for (let lane = 1; lane <= MAX_LANE; lane++) inbox.begins(spans, { lane, spans }, 1_000);
  const asked = inbox.gaps(1_000 + RESEND_SOON_MS).map(({ context, lane }) => `${context} of ${lane}`);
  expect(asked).toHaveLength(4);
  expect(new Set(asked)).toEqual(new Set(['0 of 0', '1 of 0', `0 of ${MAX_LANE}`, `1 of ${MAX_LANE}`]));
});
