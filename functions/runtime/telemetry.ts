/** Structured logs and EMF metrics of the Lambdas (Powertools), behind the Telemetry port. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Telemetry } from '../../shared/ports/telemetry.ts';

export const logger = new Logger({
  serviceName: 'anteroom-router',
  logLevel: (process.env['LOG_LEVEL'] ?? 'info').toUpperCase() as 'INFO',
});
export const metrics = new Metrics({ namespace: 'Anteroom', serviceName: 'anteroom-router' });

export const telemetry: Telemetry = {
  count: (metric, value = 1) => {
    metrics.addMetric(metric, MetricUnit.Count, value);
  },
  info: (message, fields = {}) => {
    logger.info(message, { ...fields });
  },
  warn: (message, fields = {}) => {
    logger.warn(message, { ...fields });
  },
};

/** Writes what was counted; called once at the end of each invocation. */
export function publishMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
