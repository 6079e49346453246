/** The idempotency key of a request. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { requestKey, type RequestKey } from '../../shared/domain/idempotency.ts';
import { IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_HEADER } from '../../shared/protocol/idempotency-key.ts';
import { done, refuse, type Outcome } from '../../shared/use-cases/outcome.ts';

/**
 * The key of the header, with the checked body; undefined if there is none. The header's value may stand in quotes, as the
 * Internet-Draft "The Idempotency-Key HTTP Header Field" writes it. Refusal: `invalid_request`; it does not repeat the key.
 */
export function readKey(event: APIGatewayProxyEventV2, body: unknown): Outcome<RequestKey | undefined> {
  const header = event.headers[IDEMPOTENCY_KEY_HEADER.toLowerCase()]?.trim();
  if (header === undefined) return done(undefined);
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (IDEMPOTENCY_KEY.test(key)) return done(requestKey(key, event.routeKey, body));
  const message = 'must be 22 to 128 characters of A–Z, a–z, 0–9, "-" and "_": at least 128 random bits';
  return refuse('invalid_request', `The header ${IDEMPOTENCY_KEY_HEADER} ${message}.`, {
    faults: [{ path: IDEMPOTENCY_KEY_HEADER, message }],
  });
}
