/** An error that the service itself answers, as opposed to a fault of the double. */
export class AwsError extends Error {
  override name = 'AwsError';
  readonly code: string;
  readonly status: number;
  /** What else its answer says. */
  readonly members: Readonly<Record<string, unknown>>;
  constructor(code: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.members = members;
  }
}

export type AwsService = 'ecs' | 'ec2' | 'secretsmanager' | 'lambda';

/** One call of an SDK client. EC2's input is its flat query parameters. */
export interface AwsCall {
  service: AwsService;
  operation: string;
  input: Readonly<Record<string, unknown>>;
}

/** Answers a call with the members of its output. Throws {@link AwsError}. */
export type AwsOperation = (input: Readonly<Record<string, unknown>>) => unknown;
