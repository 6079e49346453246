/** The router secret from AWS Secrets Manager: AWSCURRENT, and AWSPREVIOUS if there is one. */
import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { RouterSecret, SecretSource } from '../ports/secrets.ts';

/** How long a value is used without asking again, ms. A rotation is noticed sooner: by `fresh`. */
const MAX_AGE_MS = 5 * 60_000;
/** `fresh` asks at most this often, ms, so that forged tokens cannot make us call Secrets Manager at will. */
const MIN_AGE_MS = 5_000;

export interface SecretsManagerOptions {
  client?: SecretsManagerClient;
  /** Milliseconds since any fixed instant. Default: the process's monotonic clock. */
  now?: () => number;
}

/**
 * The secret with name or ARN `secretId`. Rejects when the secret has no AWSCURRENT version, and when Secrets Manager
 * does not answer and there is no value of before to go on with.
 */
export function secretsManagerSource(secretId: string, options: SecretsManagerOptions = {}): SecretSource {
  const client =
    options.client ??
    new SecretsManagerClient({
      // Together less than a request of the router may take.
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
    });
  const now = options.now ?? (() => performance.now());
  // Its own cache is passed by: that one keys values by name alone, whatever the stage, and forgets that there is none.
  const provider = new SecretsProvider({ awsSdkV3Client: client });

  async function read(stage: 'AWSCURRENT' | 'AWSPREVIOUS'): Promise<string | undefined> {
    try {
      const value: unknown = await provider.get(secretId, {
        forceFetch: true,
        maxAge: 0,
        sdkOptions: { VersionStage: stage },
      });
      if (typeof value === 'string') return value;
    } catch (error) {
      const { cause } = error as Error;
      if (!(cause instanceof Error && cause.name === 'ResourceNotFoundException')) throw error;
    }
    return undefined;
  }

  async function load(): Promise<RouterSecret> {
    const [current, previous] = await Promise.all([read('AWSCURRENT'), read('AWSPREVIOUS')]);
    if (current === undefined) throw new Error(`The secret ${secretId} has no current text value`);
    return { current, previous };
  }

  let kept: RouterSecret | undefined;
  /** When `kept` is asked for again: anyway, and for a caller that wants it fresh. */
  let renew_at = -Infinity;
  let fresh_at = -Infinity;
  let asking: Promise<RouterSecret> | undefined;

  /** Both stages are asked for and kept together, so that they belong to each other. */
  async function ask(): Promise<RouterSecret> {
    try {
      kept = await load();
      renew_at = now() + MAX_AGE_MS;
    } catch (error) {
      // With a value of before, an outage of Secrets Manager does not become one of ours.
      if (kept === undefined) throw error;
      renew_at = now() + MIN_AGE_MS;
    } finally {
      asking = undefined;
    }
    fresh_at = now() + MIN_AGE_MS;
    return kept;
  }

  return {
    async get({ fresh = false } = {}) {
      if (kept !== undefined && asking === undefined && now() < (fresh ? fresh_at : renew_at)) return kept;
      asking ??= ask();
      return asking;
    },
  };
}
