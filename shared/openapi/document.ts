/** The OpenAPI 3.1 document of the HTTP APIs, made from the zod schemas and the route table. */
import { z } from 'zod';
import * as api from '../protocol/api.ts';
import { PROBLEM_TYPE, PROBLEMS, type ProblemCode } from '../protocol/problem.ts';
import { ROUTES, type RouteDescription } from './routes.ts';

/** Version of the HTTP API, not of the packages: it changes when a client must. */
const API_VERSION = '1.0.0';

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What happened and the way out, for a person.' }),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    request_id: z
      .string()
      .meta({ description: 'Name it when you ask for help: the log has the cause under it.' }),
    retryable: z.boolean().meta({ description: 'Whether the same request may succeed later.' }),
    faults: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Each fault of a request that does not fit the schema.' }),
  })
  .meta({ id: 'Problem', description: 'Problem details, RFC 9457.' });

const SCHEMAS: z.ZodType[] = [
  api.createRoomRequest,
  api.joinRoomRequest,
  api.grant,
  api.health,
  api.availableTask,
  api.availableTasks,
  api.putTaskRequest,
  api.putTaskResponse,
  api.removeClientRequest,
  api.removeClientResponse,
  api.migrateRoomRequest,
  api.migrateRoomResponse,
  api.drainResponse,
  api.registerRequest,
  api.registerResponse,
  api.taskRooms,
  problemSchema,
];

const idOf = (schema: z.ZodType): string => {
  const id = schema.meta()?.id;
  if (id === undefined) throw new Error('a schema of the API has no id');
  return id;
};
const refTo = (schema: z.ZodType) => ({ $ref: `#/components/schemas/${idOf(schema)}` });

function schemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  for (const schema of SCHEMAS) registry.add(schema, { id: idOf(schema) });
  const made = z.toJSONSchema(registry, {
    target: 'draft-2020-12',
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(made.schemas).map(([id, { $schema: _schema, $id: _id, id: _name, ...schema }]) => [
      id,
      schema,
    ]),
  );
}

const SECURITY: Record<RouteDescription['caller'], unknown[]> = {
  anyone: [],
  operator: [{ aws: [] }],
  task: [{ token: [] }],
  router: [{ token: [] }],
};

function problemAnswers(codes: readonly ProblemCode[]): Record<string, unknown> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
        ...(status === 429 || status === 503
          ? {
              headers: {
                'Retry-After': {
                  description: 'Seconds to wait before a retry.',
                  schema: { type: 'integer' },
                },
              },
            }
          : {}),
        content: { [PROBLEM_TYPE]: { schema: refTo(problemSchema) } },
      },
    ]),
  );
}

/** Parameters of a route, none of which is required. */
function parameters({ query = [], headers = [] }: RouteDescription): Record<string, unknown> {
  const listed = [
    ...query.map((one) => ({ ...one, in: 'query', required: false, schema: { type: 'string' } })),
    ...headers.map(({ pattern, ...one }) => ({
      ...one,
      in: 'header',
      required: false,
      schema: { type: 'string', pattern },
    })),
  ];
  return listed.length === 0 ? {} : { parameters: listed };
}

function operation(route: RouteDescription): Record<string, unknown> {
  return {
    operationId: route.operation,
    tags: [route.server],
    summary: route.summary,
    description: route.description,
    security: SECURITY[route.caller],
    ...parameters(route),
    ...(route.request === undefined
      ? {}
      : {
          requestBody: {
            required: route.operation !== 'create-room',
            content: { 'application/json': { schema: refTo(route.request) } },
          },
        }),
    responses: {
      ...Object.fromEntries(
        route.answers.map(({ status, description, body, text }) => [
          String(status),
          {
            description,
            content:
              body === undefined
                ? { [text ?? 'application/json']: {} }
                : { 'application/json': { schema: refTo(body) } },
          },
        ]),
      ),
      ...problemAnswers(route.problems),
    },
  };
}

/** Paths of one server. The relay's own routes are told apart by a server of their own, since both have `/health`. */
function paths(server: RouteDescription['server']): Record<string, Record<string, unknown>> {
  const made: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES.filter((entry) => entry.server === server)) {
    made[route.path] = { ...made[route.path], [route.method]: operation(route) };
  }
  return made;
}

/** The document that `GET /openapi.json` answers. The routes of a stream task are under `x-task-paths`. */
export function openApiDocument(): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Anteroom',
      version: API_VERSION,
      description:
        'Rooms on stream tasks. Errors are problem details (RFC 9457). All instants are milliseconds since the Unix epoch.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: paths('router'),
    'x-task-paths': paths('task'),
    components: {
      schemas: schemas(),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'HS256 with the router secret, 60 s, bound to method, path and body.',
        },
        aws: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4 (IAM authorization of the API).',
        },
      },
    },
  };
}
