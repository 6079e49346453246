/** docs/api.md from the OpenAPI document. */
import { PROBLEMS } from '../protocol/problem.ts';

interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
}
interface Operation {
  operationId: string;
  summary: string;
  description: string;
  security: Record<string, unknown>[];
  parameters?: { in: 'query' | 'header'; name: string; description: string }[];
  requestBody?: { required: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema?: Schema }> }>;
}
type Paths = Record<string, Record<string, Operation>>;

const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);
const anchor = (name: string): string => `[${name}](#${name.toLowerCase()})`;

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return anchor(nameOf(schema.$ref));
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (schema.type === 'array') return `array of ${typeOf(schema.items ?? {})}`;
  if (schema.type === 'object' && schema.properties !== undefined) {
    return `{ ${Object.entries(schema.properties)
      .map(
        ([name, field]) => `${name}${schema.required?.includes(name) === true ? '' : '?'}: ${typeOf(field)}`,
      )
      .join(', ')} }`;
  }
  const range =
    schema.minimum !== undefined && schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER
      ? ` ${schema.minimum} to ${schema.maximum}`
      : '';
  return `${Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.type ?? 'any')}${range}`;
}

const CALLERS: Record<string, string> = {
  token: 'a token of the other side (`Authorization: Bearer <JWT>`)',
  aws: 'an operator (AWS Signature Version 4)',
};

function operationSection(method: string, path: string, operation: Operation): string {
  const caller =
    operation.security[0] === undefined ? 'anyone' : CALLERS[Object.keys(operation.security[0])[0]!];
  const lines = [
    `### ${method.toUpperCase()} ${path}`,
    '',
    `${operation.summary.replace(/[^?]$/, '$&.')} ${operation.description}`,
    '',
  ];
  lines.push(`Caller: ${caller}.`);
  const body = operation.requestBody?.content['application/json']?.schema;
  if (body !== undefined) {
    lines.push(`Body: ${typeOf(body)}${operation.requestBody?.required === false ? ' (optional)' : ''}.`);
  }
  for (const { in: place, name, description } of operation.parameters ?? [])
    lines.push(
      '',
      `${place === 'query' ? 'Query' : 'Header'} \`${name}\`: ${description.replace(/\.?$/, '.')}`,
    );
  lines.push('', '| status | answer |', '| --- | --- |');
  for (const [status, answer] of Object.entries(operation.responses)) {
    const schema = Object.values(answer.content ?? {})[0]?.schema;
    const shape = schema === undefined || nameOf(schema.$ref ?? '') === 'Problem' ? '' : ` ${typeOf(schema)}`;
    lines.push(`| ${status} | ${answer.description}${shape} |`);
  }
  return lines.join('\n');
}

function schemaSection(name: string, schema: Schema): string {
  const lines = [`### ${name}`, ''];
  if (schema.description !== undefined) lines.push(schema.description, '');
  lines.push('| field | type | |', '| --- | --- | --- |');
  for (const [field, property] of Object.entries(schema.properties ?? {})) {
    const optional = schema.required?.includes(field) === true ? '' : ' (optional)';
    lines.push(`| \`${field}\`${optional} | ${typeOf(property)} | ${property.description ?? ''} |`);
  }
  return lines.join('\n');
}

function sections(paths: Paths): string {
  return Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => operationSection(method, path, operation)),
    )
    .join('\n\n');
}

/** The page: routes of the router, routes of a task, errors, schemas. */
export function apiMarkdown(document: Record<string, unknown>, banner: string): string {
  const { schemas } = document['components'] as { schemas: Record<string, Schema> };
  const problems = Object.entries(PROBLEMS).map(
    ([code, { status, title, retryable }]) =>
      `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${title} |`,
  );
  return `<!-- ${banner} -->

# HTTP API

JSON in and out. All instants are milliseconds since the Unix epoch. The same description for machines:
[openapi.json](openapi.json), or \`GET /openapi.json\` of a router. How a client talks to the relay once it has a
grant: [protocol.md](protocol.md).

## Router

${sections(document['paths'] as Paths)}

## Stream task

${sections(document['x-task-paths'] as Paths)}

## Errors

Every error is \`application/problem+json\` (RFC 9457) with the fields of [Problem](#problem). API Gateway's own errors
(its throttle, its authorizer, a body beyond 10 MB) are \`{"message": "…"}\`.

| code | status | retry? | title |
| --- | --- | --- | --- |
${problems.join('\n')}

## Schemas

${Object.entries(schemas)
  .map(([name, schema]) => schemaSection(name, schema))
  .join('\n\n')}
`;
}
