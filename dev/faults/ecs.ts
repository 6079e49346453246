/** Faults of the ECS double. */
import { AwsError, type AwsCall } from '../aws/errors.ts';

export type EcsMode =
  | 'pass'
  /** Every call is answered 500. */
  | 'fail'
  /** Every call is answered ThrottlingException. */
  | 'throttle'
  /** ListTasks answers its first half, and 500 for the token of the rest. */
  | 'half'
  /** ListTasks answers its first half as if there were no more. */
  | 'short'
  /** RunTask launches nothing: there is no capacity. */
  | 'full'
  /** RunTask launches, and nobody learns of it. */
  | 'lost'
  /** Each call waits. */
  | 'slow';

/** How long a call waits in mode `slow`, ms: just within the time that the client allows. */
export const SLOW_MS = 2_000;

/** The error with which a call is answered in `mode`, if any. */
export function ecsFault(mode: EcsMode, { service, operation, input }: AwsCall): AwsError | undefined {
  if (service !== 'ecs') return undefined;
  if (mode === 'throttle') return new AwsError('ThrottlingException', 'Rate exceeded');
  const second_page = operation === 'ListTasks' && input['nextToken'] !== undefined;
  if (mode === 'fail' || (mode === 'half' && second_page)) {
    return new AwsError('ServerException', 'Service Unavailable. Please try again later.', 500);
  }
  return undefined;
}
