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

/** What a valid token says. `bh` is the hash of the request that it is for. */
export interface TokenClaims {
  issuer: string;
  subject: string;
  bh: unknown;
}

interface TokenRefusal {
  kind: 'refused';
  /** `signature`: signed with none of the known versions of the secret, so a fresh look at the secret may help. */
  reason: 'missing' | 'signature' | 'expired' | 'audience' | 'claims' | 'binding';
}

export type ClaimsVerdict = ({ kind: 'valid' } & TokenClaims) | TokenRefusal;
export type TokenVerdict = { kind: 'valid'; issuer: string; subject: string } | TokenRefusal;

/** Whether the token is for `request`. */
export function isBoundTo({ bh }: Pick<TokenClaims, 'bh'>, request: BoundRequest): boolean {
  return bh === bindingHash(request);
}

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
  const verdict = await verifyClaims(header, expected, secret, now);
  if (verdict.kind === 'refused') return verdict;
  const { issuer, subject } = verdict;
  return isBoundTo(verdict, request)
    ? { kind: 'valid', issuer, subject }
    : { kind: 'refused', reason: 'binding' };
}

/**
 * {@link verifyAuthorization} without the request: for a server that does not want to read the body of a caller whose
 * token is not valid. {@link isBoundTo} is the rest of the check.
 */
export async function verifyClaims(
  header: string | undefined,
  expected: { issuer?: string; audience: string },
  secret: RouterSecret,
  now: number,
): Promise<ClaimsVerdict> {
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
      return { kind: 'valid', issuer: iss, subject: sub, bh };
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
