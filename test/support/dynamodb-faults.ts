import {
  InternalServerError,
  TransactionCanceledException,
  TransactionConflictException,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';

/** One request as the document client was given it. */
export interface Call {
  command: string;
  input: Readonly<Record<string, unknown>>;
}

/** What becomes of a request: nothing happens and `error` comes, or it is done and its answer is lost. */
export interface Fault {
  when: 'before' | 'after';
  error: Error;
}

/** Shows every request of `client` to `plan`, which may let it fail. */
export function injectFaults(client: DynamoDBClient, plan: (call: Call) => Fault | undefined): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const command = (context['commandName'] as string).replace(/Command$/, '');
      const fault = plan({ command, input: args.input as unknown as Call['input'] });
      if (fault?.when === 'before') throw fault.error;
      const result = await next(args);
      if (fault !== undefined) throw fault.error;
      return result;
    },
    { step: 'initialize', name: 'faults' },
  );
}

const details = { $metadata: {}, message: 'injected' };

/** What DynamoDB says when another transaction is writing one of the items. DynamoDB Local never does. */
export function conflict({ command, input }: Call): Fault {
  const { TransactItems } = input as { TransactItems?: unknown[] };
  return {
    when: 'before',
    error: command.startsWith('Transact')
      ? new TransactionCanceledException({
          ...details,
          CancellationReasons: TransactItems?.map((_, index) => ({
            Code: index === 0 ? 'TransactionConflict' : 'None',
          })),
        })
      : new TransactionConflictException(details),
  };
}

/** A refusal by name, such as a throttle. */
export function refusal(name: string): Fault {
  return { when: 'before', error: Object.assign(new Error('injected'), { name }) };
}

/** The request is done, and then the connection breaks. */
export function lostAnswer(): Fault {
  return { when: 'after', error: Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }) };
}

/** The request is done, and the answer is an error of the service. */
export function failedAnswer(): Fault {
  return { when: 'after', error: new InternalServerError(details) };
}
