/**
 * CORS as an HTTP API does it: API Gateway answers preflights itself and writes the headers of the other answers,
 * whatever the function says. Source: API Gateway developer guide, "Configure CORS for HTTP APIs".
 */
import { resolve } from 'node:path';
import * as z from 'zod';
import { readYaml } from './yaml.ts';

export interface Cors {
  AllowOrigins: string[];
  AllowMethods: string[];
  AllowHeaders: string[];
  ExposeHeaders: string[];
  /** Seconds. */
  MaxAge?: number | undefined;
}

type Params = Readonly<Record<string, unknown>>;

/** `${param:NAME}` becomes the value; any other variable is not understood. */
function withParams(text: string, params: Params): string {
  return text.replace(/\$\{(.*?)\}/g, (whole, variable: string) => {
    const value = variable.startsWith('param:') ? params[variable.slice('param:'.length)] : undefined;
    if (typeof value !== 'string') throw new Error(`the local stack does not understand ${whole}`);
    return value;
  });
}

/** A list, or `Fn::Split` of a separator and a text. */
const list = (params: Params) =>
  z.union([
    z.array(z.string()),
    z
      .object({ 'Fn::Split': z.tuple([z.string(), z.string()]) })
      .transform(({ 'Fn::Split': [separator, text] }) => withParams(text, params).split(separator)),
  ]);

const corsSchema = (params: Params) =>
  z.object({
    AllowOrigins: list(params),
    AllowMethods: list(params).default([]),
    AllowHeaders: list(params).default([]),
    ExposeHeaders: list(params).default([]),
    MaxAge: z.number().optional(),
  });

const extended = z.looseObject({
  extensions: z.looseObject({
    HttpApi: z.looseObject({ Properties: z.looseObject({ CorsConfiguration: z.unknown() }) }),
  }),
});

/** The CORS configuration in `resources.extensions.HttpApi`, which may be in an included file; undefined if none. */
export function corsOf(resources: unknown, folder: string, params: Params): Cors | undefined {
  for (const part of Array.isArray(resources) ? (resources as unknown[]) : [resources]) {
    const file = typeof part === 'string' ? /^\$\{file\((.+)\)\}$/.exec(part)?.[1] : undefined;
    const { data } = extended.safeParse(file === undefined ? part : readYaml(resolve(folder, file)));
    if (data !== undefined) {
      return corsSchema(params).parse(data.extensions.HttpApi.Properties.CorsConfiguration);
    }
  }
  return undefined;
}

/** The value of Access-Control-Allow-Origin for a page of `origin`; undefined: not allowed. */
function allowed(cors: Cors, origin: string): string | undefined {
  if (cors.AllowOrigins.includes('*')) return '*';
  return cors.AllowOrigins.includes(origin) ? origin : undefined;
}

/** Headers of any answer to a request from a page of `origin`. */
export function corsHeaders(cors: Cors | undefined, origin: string | undefined): Record<string, string> {
  const value = cors !== undefined && origin !== undefined ? allowed(cors, origin) : undefined;
  if (cors === undefined || value === undefined) return {};
  return {
    'access-control-allow-origin': value,
    ...(value === '*' ? {} : { vary: 'origin' }),
    ...(cors.ExposeHeaders.length > 0
      ? { 'access-control-expose-headers': cors.ExposeHeaders.join(',') }
      : {}),
  };
}

/** Headers of the answer (204) to a preflight from a page of `origin`: none where it is not allowed. */
export function preflightHeaders(cors: Cors, origin: string): Record<string, string> {
  const value = allowed(cors, origin);
  if (value === undefined) return {};
  return {
    'access-control-allow-origin': value,
    ...(value === '*' ? {} : { vary: 'origin' }),
    'access-control-allow-methods': cors.AllowMethods.join(','),
    'access-control-allow-headers': cors.AllowHeaders.join(','),
    ...(cors.MaxAge === undefined ? {} : { 'access-control-max-age': String(cors.MaxAge) }),
  };
}
