/**
 * AWS Secrets Manager with one secret in memory: GetSecretValue, PutSecretValue (a rotation).
 * Shapes and errors: AWS Secrets Manager API reference, 2017-10-17.
 */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError, type AwsOperation } from './errors.ts';
import { ACCOUNT } from './local-task.ts';

interface Version {
  id: string;
  value: string;
  created_at: number;
}

const getSecretValue = z.object({ SecretId: z.string(), VersionStage: z.string().default('AWSCURRENT') });
const putSecretValue = z.object({ SecretId: z.string(), SecretString: z.string().min(1) });

/** One secret, by name, with its first version. Each further version is AWSCURRENT, the one before it AWSPREVIOUS. */
export function secretsOperations(name: string, value: string, region: string): Record<string, AwsOperation> {
  const arn = `arn:aws:secretsmanager:${region}:${ACCOUNT}:secret:${name}-local1`;
  const stages = new Map<string, Version>();
  const put = (text: string): Version => {
    const version = { id: randomUUID(), value: text, created_at: Date.now() };
    const before = stages.get('AWSCURRENT');
    if (before !== undefined) stages.set('AWSPREVIOUS', before);
    stages.set('AWSCURRENT', version);
    return version;
  };
  function parse<S extends z.ZodType<{ SecretId: string }>>(schema: S, input: unknown) {
    const { data, error } = schema.safeParse(input);
    if (error !== undefined) throw new AwsError('ValidationException', z.prettifyError(error));
    if (data.SecretId !== name && data.SecretId !== arn) {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return data;
  }
  put(value);

  return {
    GetSecretValue(input) {
      const { VersionStage } = parse(getSecretValue, input);
      const version = stages.get(VersionStage);
      if (version === undefined) {
        throw new AwsError(
          'ResourceNotFoundException',
          `Secrets Manager can't find the specified secret value for staging label: ${VersionStage}`,
        );
      }
      return {
        ARN: arn,
        Name: name,
        VersionId: version.id,
        SecretString: version.value,
        VersionStages: [VersionStage],
        CreatedDate: version.created_at / 1_000,
      };
    },
    PutSecretValue(input) {
      const version = put(parse(putSecretValue, input).SecretString);
      return { ARN: arn, Name: name, VersionId: version.id, VersionStages: ['AWSCURRENT'] };
    },
  };
}
