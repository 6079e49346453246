/**
 * Writes what is made from the schemas and the settings: docs/openapi.json, docs/api.md, the SDK's types and the
 * configuration table of the README. With `--check` it writes nothing and fails if a committed file differs.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';
import { format } from 'prettier';
import { settingsTable } from '../shared/config/table.ts';
import { openApiDocument } from '../shared/openapi/document.ts';
import { apiMarkdown } from '../shared/openapi/markdown.ts';

/** What the SDK needs; everything else of the API is between router and tasks. */
const SDK_SCHEMAS = ['CreateRoomRequest', 'JoinRoomRequest', 'Grant'];

const GENERATED = 'made from shared/protocol/api.ts by `npm run generate`; do not edit';

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

const TABLE_START = '<!-- settings: made by `npm run generate` from shared/config/settings.ts -->';
const TABLE_END = '<!-- end of settings -->';

/** The README with its configuration table made anew. */
async function readmeWithSettings(): Promise<string> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [before, rest] = readme.split(TABLE_START);
  const after = rest?.split(TABLE_END)[1];
  if (before === undefined || after === undefined)
    throw new Error('README.md has lost the marks of its settings table');
  const table = await format(settingsTable(), { parser: 'markdown' });
  return `${before}${TABLE_START}\n\n${table}\n${TABLE_END}${after}`;
}

const document = openApiDocument();
const files: Record<string, string> = {
  'docs/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
  'docs/api.md': apiMarkdown(document, GENERATED),
  'README.md': await readmeWithSettings(),
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
  process.stderr.write(
    `${drifted.join(', ')}: not what the schemas and settings say; run "npm run generate"\n`,
  );
  process.exitCode = 1;
}
