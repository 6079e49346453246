import type { Context } from 'aws-lambda';
import { scaleFleet, type ScaleResult } from '../shared/use-cases/scale-fleet.ts';
import { deps } from './runtime/deps.ts';
import { stateChanges } from './runtime/state-changes.ts';
import { logger, publishMetrics } from './runtime/telemetry.ts';

const changes = stateChanges();

/**
 * One look at the size of the fleet: each minute, when a room finds no place, and when ECS says that a task has stopped. A fault
 * is thrown, so that Lambda counts it; the next run does what this one did not.
 */
export const handler = async (
  event: unknown,
  context: Context,
): Promise<ScaleResult | { kind: 'repeated' }> => {
  if (changes.repeated(event)) return { kind: 'repeated' };
  try {
    const result = await scaleFleet(deps());
    logger.info('scaling', { ...result, function_request_id: context.awsRequestId });
    if (result.kind === 'scaled' && result.faults > 0)
      throw new Error(`${result.faults} changes of the fleet failed`);
    return result;
  } catch (error) {
    logger.error('scaling failed', { error: error as Error, function_request_id: context.awsRequestId });
    throw error;
  } finally {
    publishMetrics();
  }
};
