/** The deployment description as the tests read it: serverless.yml with the parts of infra/ that it includes. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const ROOT = new URL('../../../', import.meta.url);

export interface HttpEvent {
  method: string;
  path: string;
  authorizer?: { type: string };
}

export interface FunctionDescription {
  handler: string;
  name?: string;
  role: string;
  timeout?: number;
  events: { httpApi?: HttpEvent; schedule?: { rate: string[]; enabled: boolean }; eventBridge?: object }[];
}

export interface Statement {
  Sid: string;
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
}

export interface Resource {
  Type: string;
  DependsOn?: string[];
  Properties: Record<string, unknown>;
}

interface Part {
  Resources?: Record<string, Resource>;
  Outputs?: Record<string, { Value: unknown }>;
  extensions?: Record<string, Omit<Resource, 'Type'>>;
}

interface Service {
  params: { default: Record<string, string> };
  provider: { environment: Record<string, unknown>; timeout: number; runtime: string };
  functions: Record<string, FunctionDescription>;
  resources: string[];
}

const read = (path: string): unknown => parse(readFileSync(new URL(path, ROOT), 'utf8'));

export const service = read('serverless.yml') as Service;

/** The included files, whose names are read from serverless.yml itself. */
const parts = service.resources.map((entry) => {
  const path = /^\$\{file\((infra\/[a-z-]+\.yml)\)\}$/.exec(entry)?.[1];
  if (path === undefined) throw new Error(`serverless.yml includes ${entry}, which is no file of infra/`);
  return read(path) as Part;
});

export const resources: Record<string, Resource> = Object.assign({}, ...parts.map((part) => part.Resources));
export const extensions: Record<string, Omit<Resource, 'Type'>> = Object.assign(
  {},
  ...parts.map((part) => part.extensions),
);
export const functions = Object.entries(service.functions);

/** Every route with the function behind it. */
export const routes = functions.flatMap(([name, { events }]) =>
  events.flatMap(({ httpApi }) => (httpApi === undefined ? [] : [{ name, ...httpApi }])),
);

/** The statements of a function's role. */
export function statementsOf(role: string): Statement[] {
  const policies = resources[role]?.Properties['Policies'] as {
    PolicyDocument: { Statement: Statement[] };
  }[];
  return policies.flatMap((policy) => policy.PolicyDocument.Statement);
}

export const actionsOf = (statement: Statement): string[] => [statement.Action].flat();
export const resourcesOf = (statement: Statement): unknown[] => [statement.Resource].flat();

/** A resource of a statement as short text: `TasksTable`, `TasksTable/index/fleet-index`, or what it is. */
export function shortName(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': text } = resource as Record<string, unknown>;
  if (typeof Ref === 'string') return Ref;
  if (Array.isArray(attribute)) return String(attribute[0]);
  return String(text).replace(/\$\{(\w+)\.Arn\}/, '$1');
}

/** The logical id part that the framework makes of a function's name. */
export const logicalName = (name: string): string =>
  `${name.charAt(0).toUpperCase()}${name.slice(1)}`.replaceAll('-', 'Dash').replaceAll(/[^A-Za-z0-9]/g, '');
