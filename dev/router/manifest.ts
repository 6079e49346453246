/** What the local stack takes from serverless.yml: functions, routes of both APIs, schedules, event rules, CORS. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { Environment } from '../../shared/config/read.ts';
import { type Cors, corsOf } from './cors.ts';
import type { EventPattern } from './events.ts';
import { readYaml } from './yaml.ts';

export interface FunctionSpec {
  name: string;
  /** The file with the handler, and what it exports it as. */
  file: string;
  export: string;
  timeout_ms: number;
}

export interface Manifest {
  functions: FunctionSpec[];
  /** Function names by `METHOD /path`. */
  routes: ReadonlyMap<string, string>;
  /** Function names by route of the WebSocket API, such as `$connect`; and by what of a message its route is chosen. */
  sockets: { routes: ReadonlyMap<string, string>; selection: string };
  schedules: { function: string; every_ms: number }[];
  rules: { function: string; pattern: EventPattern }[];
  cors: Cors | undefined;
  /** What of the file the local stack leaves out, as sentences. */
  notes: string[];
}

const event = z.union([
  z.looseObject({ httpApi: z.looseObject({ method: z.string(), path: z.string() }) }),
  z.looseObject({
    schedule: z.union([
      z.string().transform((rate) => ({ rate: [rate] })),
      z.looseObject({
        rate: z.union([z.string().transform((rate) => [rate]), z.array(z.string())]),
        enabled: z.boolean().optional(),
      }),
    ]),
  }),
  z.looseObject({
    websocket: z.union([
      z.string().transform((route) => ({ route })),
      z.looseObject({ route: z.string(), authorizer: z.never().optional() }),
    ]),
  }),
  z.looseObject({ eventBridge: z.looseObject({ pattern: z.record(z.string(), z.unknown()) }) }),
  z.looseObject({}),
]);

/** Seconds. */
const timeout = z.number().positive();
/** What the framework takes for a WebSocket API that does not say how routes are chosen. */
const DEFAULT_SELECTION = '$request.body.action';
/** What the framework takes for functions without a time limit, seconds. */
const DEFAULT_TIMEOUT = 6;

const serverless = z.looseObject({
  params: z.looseObject({ default: z.record(z.string(), z.unknown()).default({}) }).optional(),
  provider: z.looseObject({
    timeout: timeout.default(DEFAULT_TIMEOUT),
    websocketsApiRouteSelectionExpression: z
      .string()
      .regex(/^\$request\.body\.[A-Za-z_]\w*$/, 'must be $request.body.<field>')
      .default(DEFAULT_SELECTION),
    httpApi: z.looseObject({ cors: z.never().optional() }).optional(),
  }),
  functions: z.record(
    z.string(),
    z.looseObject({
      handler: z.string().regex(/^.+\.[A-Za-z_$][\w$]*$/, 'must be <file without extension>.<export>'),
      timeout: timeout.optional(),
      events: z.array(event).default([]),
    }),
  ),
  resources: z.unknown().optional(),
});

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Milliseconds of `rate(5 minutes)`; undefined for `cron(…)`. Source: EventBridge user guide, "Rate expressions". */
export function rateMs(expression: string): number | undefined {
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  return match === null ? undefined : Number(match[1]) * UNITS[match[2]!]!;
}

/** API Gateway takes methods in capitals; paths with variables are not needed here and therefore not understood. */
function routeKey(method: string, path: string): string {
  if (!/^[A-Za-z]+$/.test(method) || !/^\/[^{*]*$/.test(path)) {
    throw new Error(`the local stack does not understand the route ${method} ${path}`);
  }
  return `${method.toUpperCase()} ${path}`;
}

/**
 * Reads `file`. `${param:NAME}` in what is used takes its value from `env`, else from the file's default params: the
 * parameters have the names of the settings. Throws an `Error` that says what is wrong with the file.
 */
export function readManifest(file: string, env: Environment): Manifest {
  const { data, error } = serverless.safeParse(readYaml(file));
  if (error !== undefined) throw new Error(`${file} is not understood:\n${z.prettifyError(error)}`);
  const folder = dirname(file);
  const params = { ...data.params?.default, ...env };
  const routes = new Map<string, string>();
  const socketRoutes = new Map<string, string>();
  const manifest: Manifest = {
    functions: [],
    routes,
    sockets: {
      routes: socketRoutes,
      selection: data.provider.websocketsApiRouteSelectionExpression.slice('$request.body.'.length),
    },
    schedules: [],
    rules: [],
    cors: corsOf(data.resources, folder, params),
    notes: [],
  };

  for (const [name, definition] of Object.entries(data.functions)) {
    const dot = definition.handler.lastIndexOf('.');
    const source = resolve(folder, `${definition.handler.slice(0, dot)}.ts`);
    if (!existsSync(source)) throw new Error(`${file}: the handler of ${name} is not there: ${source}`);
    manifest.functions.push({
      name,
      file: source,
      export: definition.handler.slice(dot + 1),
      timeout_ms: (definition.timeout ?? data.provider.timeout) * 1_000,
    });
    for (const trigger of definition.events) addTrigger(name, trigger);
  }
  return manifest;

  function addTrigger(name: string, trigger: z.infer<typeof event>): void {
    if ('httpApi' in trigger) {
      const { method, path } = trigger.httpApi as { method: string; path: string };
      routes.set(routeKey(method, path), name);
    } else if ('websocket' in trigger) {
      const { route } = trigger.websocket as { route: string };
      socketRoutes.set(route, name);
    } else if ('schedule' in trigger) {
      const { rate, enabled } = trigger.schedule as { rate: string[]; enabled?: boolean };
      for (const expression of enabled === false ? [] : rate) {
        const every_ms = rateMs(expression);
        if (every_ms !== undefined) manifest.schedules.push({ function: name, every_ms });
        else manifest.notes.push(`the schedule ${expression} of ${name} does not run here`);
      }
    } else if ('eventBridge' in trigger) {
      const { pattern } = trigger.eventBridge as { pattern: EventPattern };
      manifest.rules.push({ function: name, pattern });
    } else {
      manifest.notes.push(`${name} gets no ${Object.keys(trigger).join(', ')} events here`);
    }
  }
}
