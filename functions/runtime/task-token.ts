/** Who calls a task route. */
import { ROUTER, verifyAuthorization, type BoundRequest } from '../../shared/domain/token.ts';
import type { Deps } from '../../shared/use-cases/deps.ts';
import { done, refuse, type Outcome } from '../../shared/use-cases/outcome.ts';

const REASONS = {
  missing: 'Send the header "Authorization: Bearer <token>".',
  signature: 'The token is not signed with the router secret.',
  expired: 'The token has expired: a token is valid for 60 seconds. Check the clock of the task.',
  audience: 'The token is for somebody else than the router.',
  claims: 'A claim of the token is missing or wrong.',
  binding: 'The token was made for another request (method, path or body).',
} as const;

/** The task id of a valid token. Refusal: `unauthorized`. */
export async function verifyTask(
  { secrets, clock }: Deps,
  authorization: string | undefined,
  request: BoundRequest,
): Promise<Outcome<string>> {
  const expected = { audience: ROUTER };
  let verdict = await verifyAuthorization(authorization, expected, request, await secrets.get(), clock.now());
  if (verdict.kind === 'refused' && verdict.reason === 'signature') {
    // The secret may have been rotated since it was cached here.
    const fresh = await secrets.get({ fresh: true });
    verdict = await verifyAuthorization(authorization, expected, request, fresh, clock.now());
  }
  return verdict.kind === 'valid' ? done(verdict.subject) : refuse('unauthorized', REASONS[verdict.reason]);
}
