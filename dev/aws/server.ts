/**
 * One HTTP server that speaks the wire protocols of ECS and Secrets Manager (AWS JSON 1.1), EC2 (EC2 query), Lambda (REST
 * JSON) and the ECS task metadata endpoint, so that the real SDK clients run against the local fleet.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenLocally } from '../listen.ts';
import { ec2Operations } from './ec2.ts';
import { type EcsOptions, ecsOperations } from './ecs.ts';
import { type AwsCall, AwsError, type AwsOperation, type AwsService } from './errors.ts';
import { functionName, type InvokeFunction, invokeFunction } from './lambda.ts';
import type { LocalTask, LocalTasks } from './local-task.ts';
import { taskMetadata } from './metadata.ts';
import { secretsOperations } from './secrets.ts';
import { element, type XmlValue } from './xml.ts';

export interface AwsDoublesOptions {
  region: string;
  fleet: LocalTasks;
  secret: { name: string; value: string };
  /** See {@link EcsOptions}. */
  page?: EcsOptions['page'];
  listing?: EcsOptions['listing'];
  refused?: EcsOptions['refused'];
  /** Runs the functions that Lambda is asked to invoke. Default: there are none. */
  invoke?: InvokeFunction;
  /** How long a call waits before it is looked at, ms. */
  delay?: (call: AwsCall) => number;
  /** Whether a call is done but its answer is lost: the connection breaks. */
  lost?: (call: AwsCall) => boolean;
  /** Consulted before each call: what it returns is answered in place of the real answer. */
  fault?: (call: AwsCall) => AwsError | undefined;
}

export interface AwsDoubles {
  /** What SDK clients need in their environment: endpoints, region, credentials that are none. */
  readonly env: Readonly<Record<string, string>>;
  /** Value of ECS_CONTAINER_METADATA_URI_V4 for `task`. */
  metadataUri(task: LocalTask): string;
  stop(): Promise<void>;
}

/** Starts the doubles on a free port of the loopback interface. */
export async function startAwsDoubles(options: AwsDoublesOptions): Promise<AwsDoubles> {
  const { region, fleet, secret } = options;
  const services: Record<Exclude<AwsService, 'lambda'>, Record<string, AwsOperation>> = {
    ecs: ecsOperations(fleet, region, options),
    ec2: ec2Operations(fleet),
    secretsmanager: secretsOperations(secret.name, secret.value, region),
  };

  /** Lets a call in, late if it is to be, or throws the {@link AwsError} that it gets instead. */
  async function admit(call: AwsCall, authorization: string | undefined): Promise<void> {
    const late = options.delay?.(call) ?? 0;
    if (late > 0) await sleep(late, undefined, { ref: false });
    // The signature is not checked, only that the client signs for this very service (SigV4 credential scope).
    if (
      !new RegExp(`^AWS4-HMAC-SHA256 Credential=[^,]+/${call.service}/aws4_request,`).test(
        authorization ?? '',
      )
    ) {
      throw new AwsError('MissingAuthenticationToken', 'Missing Authentication Token', 403);
    }
    const fault = options.fault?.(call);
    if (fault !== undefined) throw fault;
  }

  /** Runs one call. Throws {@link AwsError}. */
  async function run(
    call: AwsCall & { service: keyof typeof services },
    { headers }: IncomingMessage,
    response: ServerResponse,
  ): Promise<unknown> {
    await admit(call, headers.authorization);
    const operation = services[call.service][call.operation];
    if (operation === undefined) {
      throw new AwsError(
        'UnknownOperationException',
        `The local stack has no ${call.service}:${call.operation}`,
      );
    }
    const output = operation(call.input);
    if (options.lost?.(call) === true) response.destroy();
    return output;
  }

  async function answerJson(
    service: 'ecs' | 'secretsmanager',
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    const target = String(request.headers['x-amz-target'] ?? '');
    const operation = target.slice(target.indexOf('.') + 1);
    const body = await text(request);
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
    try {
      const input = (body === '' ? {} : JSON.parse(body)) as AwsCall['input'];
      const output = await run({ service, operation, input }, request, response);
      response.writeHead(200, headers).end(JSON.stringify(output));
    } catch (error) {
      const { code, message, status, members } = asAwsError(error);
      response.writeHead(status, headers).end(JSON.stringify({ __type: code, message, ...members }));
    }
  }

  async function answerEc2(request: IncomingMessage, response: ServerResponse) {
    const { Action: operation = '', ...input } = Object.fromEntries(new URLSearchParams(await text(request)));
    const requestId = randomUUID();
    const headers = { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId };
    try {
      const output = await run({ service: 'ec2', operation, input }, request, response);
      const xml = element(`${operation}Response`, { requestId, ...(output as Record<string, XmlValue>) });
      response.writeHead(200, headers).end(xml);
    } catch (error) {
      const { code, message, status } = asAwsError(error);
      const xml = element('Response', {
        Errors: { Error: { Code: code, Message: message } },
        RequestID: requestId,
      });
      response.writeHead(status, headers).end(xml);
    }
  }

  async function answerLambda(path: string, request: IncomingMessage, response: ServerResponse) {
    const body = await text(request);
    const { method = '', headers } = request;
    const invocation_type = headers['x-amz-invocation-type'] as string | undefined;
    const requestId = { 'x-amzn-requestid': randomUUID() };
    try {
      const input = { FunctionName: functionName({ method, path }), InvocationType: invocation_type };
      await admit({ service: 'lambda', operation: 'Invoke', input }, headers.authorization);
      const invoke: InvokeFunction = options.invoke ?? (async () => ({ kind: 'unknown' }));
      const answered = await invokeFunction({ method, path, invocation_type, body }, region, invoke);
      response.writeHead(answered.status, { ...answered.headers, ...requestId }).end(answered.body);
    } catch (error) {
      const { code, message, status } = asAwsError(error);
      const type = status < 500 ? 'User' : 'Service';
      response
        .writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': code, ...requestId })
        .end(JSON.stringify({ Type: type, Message: message, message }));
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const [, service = '', ...rest] = pathname.split('/');
    if (service === 'ecs' || service === 'secretsmanager') return answerJson(service, request, response);
    if (service === 'ec2') return answerEc2(request, response);
    if (service === 'lambda') return answerLambda(`/${rest.join('/')}`, request, response);
    const metadata = service === 'v4' ? taskMetadata(`/${rest.join('/')}`, fleet.all()) : undefined;
    response
      .writeHead(metadata === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(metadata ?? 'not found'));
    return undefined;
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const base = `http://127.0.0.1:${await listenLocally(server)}`;

  return {
    env: {
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_ECS: `${base}/ecs`,
      AWS_ENDPOINT_URL_EC2: `${base}/ec2`,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `${base}/secretsmanager`,
      AWS_ENDPOINT_URL_LAMBDA: `${base}/lambda`,
    },
    metadataUri: (task) => `${base}/v4/${task.id}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof SyntaxError) return new AwsError('SerializationException', error.message);
  return new AwsError('InternalFailure', String(error), 500);
}
