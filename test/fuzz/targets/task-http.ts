/** The HTTP routes of a stream task. [R47] */
import fc from 'fast-check';
import { ROUTES } from '../../../shared/openapi/routes.ts';
import { ROUTER } from '../../../shared/domain/token.ts';
import { SECRET } from '../../support/relay.ts';
import { anyRequest, send } from '../http-requests.ts';
import { checkResponse } from '../http-answers.ts';
import { startUnderFire } from '../relay-under-fire.ts';
import type { Target } from '../target.ts';

const ROOMS = { min: 2_000, max: 2_020 };

const number = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 5 }) },
  { weight: 1, arbitrary: fc.oneof(fc.integer(), fc.double(), fc.constant(Number.MAX_SAFE_INTEGER)) },
);
const client = fc.record({
  client_id: fc.uuid(),
  ticket_hash: fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((hash) => Buffer.from(hash).toString('base64url')),
  generation: number,
  connect_by: fc.oneof(fc.constant(Date.now()), number),
});
/** A register that mostly fits the schema. Rooms are few, so that they meet. */
const register = fc
  .record(
    {
      room_id: fc.oneof(
        { weight: 6, arbitrary: fc.integer(ROOMS).map(String) },
        { weight: 1, arbitrary: fc.oneof(fc.string(), fc.jsonValue()) },
      ),
      created_at: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(1, 2) },
        { weight: 1, arbitrary: fc.jsonValue() },
      ),
      epoch: number,
      max_clients: number,
      clients: fc.oneof(
        { weight: 6, arbitrary: fc.array(client, { maxLength: 4 }) },
        { weight: 1, arbitrary: fc.jsonValue() },
      ),
      gone: fc.array(fc.record({ client_id: fc.uuid(), generation: number }), { maxLength: 2 }),
      extra: fc.jsonValue(),
    },
    { requiredKeys: ['room_id', 'created_at', 'epoch', 'max_clients', 'clients'] },
  )
  .map(({ extra, ...body }) =>
    JSON.stringify(extra === undefined || extra !== null ? body : { ...body, extra }),
  );

const PATHS = ROUTES.filter(({ server }) => server === 'task').map(({ path }) => path);

export const taskHttpTarget: Target = {
  name: 'task-http',
  async start() {
    const fire = await startUnderFire({ handshake: 300 });
    const { port, task_id } = fire.relay;
    const signer = { secret: SECRET.current, issuer: ROUTER, audience: task_id, subject: task_id };
    const fields = fc.constantFrom<[string, string]>(
      ['Expect', '100-continue'],
      ['Expect', 'nothing'],
      ['Content-Length', '1'],
      ['Transfer-Encoding', 'gzip, chunked'],
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Origin', 'https://evil.example'],
    );
    const property = fc.asyncProperty(
      anyRequest(PATHS, { '/register': register }, fields),
      async (request) => {
        const [response] = await Promise.all([send(port, request, signer), fire.canary.chirp()]);
        checkResponse('task', request, response);
      },
    );
    return { property, settled: () => fire.settled(), stop: () => fire.stop() };
  },
};
