/**
 * Tokens between router and tasks: JWT (RFC 7519), HS256, 60 s, bound to one request by a hash of method, path and
 * body. The secret itself never travels.
 */
import { createHash } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { RouterSecret } from '../ports/secrets.ts';
import { TOKEN_LIFETIME_S } from './liveness.ts';

/** The router's name as issuer and audience. A task's name is its task id. */
export const ROUTER = 'router';

/** The request that a token is for. `path` has no query; `body` is the exact text that is sent, '' for none. */
export interface BoundRequest {
  method: string;
  path: string;
  body: string;
}

export interface TokenParties {
  issuer: string;
  audience: string;
  /** The task id, whichever side calls. */
  subject: string;
}

const key = (secret: string): Uint8Array => new TextEncoder().encode(secret);

function bindingHash({ method, path, body }: BoundRequest): string {
  return createHash('sha256').update(`${method}\n${path}\n`).update(body).digest('base64url');
}

/** `Authorization` header value for `request`. */
export async function authorize(
  parties: TokenParties,
  request: BoundRequest,
  secret: RouterSecret,
  now: number,
): Promise<string> {
  const issued = Math.floor(now / 1_000);
  const jwt = await new SignJWT({ bh: bindingHash(request) })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(parties.issuer)
    .setAudience(parties.audience)
    .setSubject(parties.subject)
    .setIssuedAt(issued)
    .setExpirationTime(issued + TOKEN_LIFETIME_S)
    .sign(key(secret.current));
  return `Bearer ${jwt}`;
}

export type TokenVerdict =
  | { kind: 'valid'; issuer: string; subject: string }
  /** `signature`: signed with none of the known versions of the secret, so a fresh look at the secret may help. */
  | { kind: 'refused'; reason: 'missing' | 'signature' | 'expired' | 'audience' | 'claims' | 'binding' };

/**
 * Checks an `Authorization` header value against `request`. The current and the previous secret are both accepted.
 * `issuer` undefined: any task may have issued it, but then `iss` must be `sub`.
 */
export async function verifyAuthorization(
  header: string | undefined,
  expected: { issuer?: string; audience: string },
  request: BoundRequest,
  secret: RouterSecret,
  now: number,
): Promise<TokenVerdict> {
  const jwt = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i.exec(header ?? '')?.[1];
  if (jwt === undefined) return { kind: 'refused', reason: 'missing' };
  const versions = [secret.current, ...(secret.previous === undefined ? [] : [secret.previous])];
  for (const version of versions) {
    try {
      const { payload } = await jwtVerify(jwt, key(version), {
        algorithms: ['HS256'],
        audience: expected.audience,
        currentDate: new Date(now),
        clockTolerance: 5,
        maxTokenAge: TOKEN_LIFETIME_S,
        requiredClaims: ['iss', 'sub', 'exp', 'bh'],
        ...(expected.issuer === undefined ? {} : { issuer: expected.issuer }),
      });
      const { iss, sub, bh } = payload;
      if (iss === undefined || sub === undefined || (expected.issuer === undefined && iss !== sub)) {
        return { kind: 'refused', reason: 'claims' };
      }
      if (bh !== bindingHash(request)) return { kind: 'refused', reason: 'binding' };
      return { kind: 'valid', issuer: iss, subject: sub };
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      if (error instanceof errors.JWTExpired) return { kind: 'refused', reason: 'expired' };
      if (error instanceof errors.JWTClaimValidationFailed) {
        return { kind: 'refused', reason: error.claim === 'aud' ? 'audience' : 'claims' };
      }
      if (error instanceof errors.JOSEError) return { kind: 'refused', reason: 'claims' };
      throw error;
    }
  }
  return { kind: 'refused', reason: 'signature' };
}
