/**
 * Writes what is made from the schemas: docs/openapi.json, docs/api.md and the SDK's types. With `--check` it writes
 * nothing and fails if a committed file differs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';
import { openApiDocument } from '../shared/openapi/document.ts';
import { apiMarkdown } from '../shared/openapi/markdown.ts';

/** What the SDK needs; everything else of the API is between router and tasks. */
const SDK_SCHEMAS = ['CreateRoomRequest', 'JoinRoomRequest', 'Grant'];

const GENERATED = 'made from shared/protocol/api.ts by `npm run openapi`; do not edit';

async function sdkTypes(document: Record<string, unknown>): Promise<string> {
  const { schemas } = document['components'] as { schemas: Record<string, object> };
  const picked = Object.fromEntries(SDK_SCHEMAS.map((id) => [id, { ...schemas[id], title: id }]));
  const types = await compile(
    { type: 'object', title: 'Api', additionalProperties: false, required: SDK_SCHEMAS, properties: picked },
    'Api',
    {
      bannerComment: `/* Types of the HTTP API, ${GENERATED}. */`,
      style: { singleQuote: true, printWidth: 110 },
    },
  );
  return types;
}

const document = openApiDocument();
const files: Record<string, string> = {
  'docs/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
  'docs/api.md': apiMarkdown(document, GENERATED),
  'client/src/api-types.ts': await sdkTypes(document),
};

const check = process.argv.includes('--check');
const drifted: string[] = [];
for (const [path, content] of Object.entries(files)) {
  const url = new URL(`../${path}`, import.meta.url);
  if (!check) await writeFile(url, content);
  else if ((await readFile(url, 'utf8').catch(() => '')) !== content) drifted.push(path);
}
if (drifted.length > 0) {
  process.stderr.write(`${drifted.join(', ')}: not what the schemas say; run "npm run openapi"\n`);
  process.exitCode = 1;
}
