import { describe, expect, test } from 'vitest';
import { contentFaults } from '../../../scripts/packaging/bundle.ts';
import { functionsOf } from '../../../scripts/packaging/template.ts';
import { readZip } from '../../../scripts/packaging/zip.ts';

/** An archive of `a.txt` (deflated, "hello hello hello hello") and `b/c.txt` (stored, "plain"). */
const ARCHIVE = Buffer.from(
  'UEsDBBQAAgAIAIsUdV3jUT2NCgAAABcAAAAFAAAAYS50eHTLSM3JyVfIQCcBUEsDBAoAAAAAAIsUdV3PYiAZBQAAAAUAAAAHAAAAYi9jLnR4dHBsYWluUEsBAh4DFAACAAgAixR1XeNRPY0KAAAAFwAAAAUAAAAAAAAAAQAAAKSBAAAAAGEudHh0UEsBAh4DCgAAAAAAixR1Xc9iIBkFAAAABQAAAAcAAAAAAAAAAAAAAKSBLQAAAGIvYy50eHRQSwUGAAAAAAIAAgBoAAAAVwAAAAAA',
  'base64',
);

describe('readZip', () => {
  test('unpacks what is deflated and what is stored', () => {
    const files = [...readZip(ARCHIVE)].map(([name, content]) => [name, content.toString()]);
    expect(files).toEqual([
      ['a.txt', 'hello hello hello hello'],
      ['b/c.txt', 'plain'],
    ]);
  });

  test('refuses what is no archive', () => {
    expect(() => readZip(Buffer.from('PK, but not really an archive at all'))).toThrow('not a zip archive');
  });
});

describe('contentFaults', () => {
  const handler = 'functions/health.handler';

  test('finds nothing in an archive of the handler and its source map', () => {
    expect(contentFaults(['functions/health.mjs', 'functions/health.mjs.map'], handler)).toEqual([]);
  });

  test('names what is missing and what does not belong there', () => {
    expect(contentFaults(['functions/health.mjs', '.env'], handler)).toEqual([
      '.env is in the archive but belongs to no handler',
      'functions/health.mjs.map is not in the archive',
    ]);
  });
});

describe('functionsOf', () => {
  test('reads each function and stands in for what only CloudFormation knows', () => {
    const template = {
      Resources: {
        Table: { Type: 'AWS::DynamoDB::Table' },
        HealthLambdaFunction: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: 'serverless/anteroom/dev/1/health.zip' },
            Handler: 'functions/health.handler',
            Runtime: 'nodejs24.x',
            Environment: { Variables: { MAX_ROOMS: '50', TASKS_TABLE: { Ref: 'Table' } } },
          },
        },
      },
    };
    expect(functionsOf(template)).toEqual([
      {
        zip: 'health.zip',
        handler: 'functions/health.handler',
        runtime: 'nodejs24.x',
        environment: { MAX_ROOMS: '50', TASKS_TABLE: 'placeholder' },
      },
    ]);
  });
});
