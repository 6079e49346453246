/** AWS Lambda over the functions of the local router: Invoke. Source: AWS Lambda API reference, Invoke (2015-03-31). */
import { AwsError } from './errors.ts';
import { ACCOUNT } from './local-task.ts';

/** What became of a function, or why there is nothing to become of it. */
export type Invoked =
  /** An event was taken; the function runs later. */
  | { kind: 'taken' }
  | { kind: 'returned'; value: unknown }
  | { kind: 'failed'; message: string }
  | { kind: 'unknown' }
  /** Nobody runs functions just now. */
  | { kind: 'away'; message: string };

/** Runs the function of that name; an `event` is only taken down. */
export type InvokeFunction = (name: string, payload: unknown, how: 'event' | 'request') => Promise<Invoked>;

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
/** A name, `name:qualifier`, `<account>:function:name` or an ARN. */
const NAME = /^(?:(?:arn:[^:]+:lambda:[^:]+:)?\d{12}:function:)?([A-Za-z0-9_-]{1,64})(?::[A-Za-z0-9$_-]+)?$/;

export interface LambdaRequest {
  method: string;
  /** Behind the endpoint. */
  path: string;
  invocation_type: string | undefined;
  body: string;
}

export interface LambdaAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The name of the function that a request is for. Throws {@link AwsError}. */
export function functionName({ method, path }: Pick<LambdaRequest, 'method' | 'path'>): string {
  const encoded = method === 'POST' ? PATH.exec(path)?.[1] : undefined;
  if (encoded === undefined) {
    throw new AwsError('UnknownOperationException', `The local stack has no lambda:${method} ${path}`, 404);
  }
  const name = NAME.exec(decodeURIComponent(encoded))?.[1];
  if (name === undefined) throw new AwsError('InvalidParameterValueException', 'No such function name.');
  return name;
}

/** Answers an Invoke. Throws {@link AwsError}. */
export async function invokeFunction(
  request: LambdaRequest,
  region: string,
  run: InvokeFunction,
): Promise<LambdaAnswer> {
  const name = functionName(request);
  const type = request.invocation_type ?? 'RequestResponse';
  if (type !== 'Event' && type !== 'RequestResponse') {
    throw new AwsError('InvalidParameterValueException', `The local stack does not invoke as ${type}.`);
  }
  let payload: unknown;
  try {
    payload = request.body === '' ? {} : JSON.parse(request.body);
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json.');
  }
  const invoked = await run(name, payload, type === 'Event' ? 'event' : 'request');
  const headers = { 'x-amz-executed-version': '$LATEST', 'content-type': 'application/json' };
  if (invoked.kind === 'unknown') {
    const arn = `arn:aws:lambda:${region}:${ACCOUNT}:function:${name}`;
    throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
  }
  if (invoked.kind === 'away') throw new AwsError('ServiceException', invoked.message, 500);
  if (invoked.kind === 'taken') return { status: 202, headers, body: '' };
  if (invoked.kind === 'returned') {
    return { status: 200, headers, body: JSON.stringify(invoked.value ?? null) };
  }
  return {
    status: 200,
    headers: { ...headers, 'x-amz-function-error': 'Unhandled' },
    body: JSON.stringify({ errorType: 'Error', errorMessage: invoked.message }),
  };
}
