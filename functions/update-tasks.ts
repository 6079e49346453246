import type { Context } from 'aws-lambda';
import { updateTasks, type SweepResult } from '../shared/use-cases/update-tasks.ts';
import { deps } from './runtime/deps.ts';
import { stateChanges } from './runtime/state-changes.ts';
import { logger, publishMetrics } from './runtime/telemetry.ts';

const changes = stateChanges();

/**
 * One sweep, each minute and when ECS says that a task has stopped. A fault is thrown, so that Lambda counts it; the
 * next minute's sweep does what this one did not.
 */
export const handler = async (
  event: unknown,
  context: Context,
): Promise<SweepResult | { kind: 'repeated' }> => {
  if (changes.repeated(event)) return { kind: 'repeated' };
  try {
    const result = await updateTasks(deps());
    logger.info('sweep', { ...result, function_request_id: context.awsRequestId });
    if (result.kind === 'swept' && result.faults > 0)
      throw new Error(`${result.faults} parts of the sweep failed`);
    return result;
  } catch (error) {
    logger.error('sweep failed', { error: error as Error, function_request_id: context.awsRequestId });
    throw error;
  } finally {
    publishMetrics();
  }
};
