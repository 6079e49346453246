/**
 * The process: configuration → stream task → signals. SIGTERM drains, SIGINT or a second SIGTERM stops at once. Exit code 0
 * after a stop, 1 if it cannot start.
 */
import { collectDefaultMetrics } from 'prom-client';
import { secretsManagerSource } from '../shared/adapters/secrets-manager.ts';
import { ConfigError } from '../shared/config/read.ts';
import { taskConfig, type TaskConfig } from '../shared/config/settings.ts';
import { ecsAddress } from './ecs-address.ts';
import { createLog } from './log.ts';
import { keepNewSpaceSmall } from './memory.ts';
import { metadataEndpoints } from './metadata.ts';
import { startTask } from './task.ts';

/** Undefined, with every fault on standard error, if the configuration is not usable. */
function readConfig(): TaskConfig | undefined {
  try {
    return taskConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

async function main(): Promise<void> {
  keepNewSpaceSmall();
  const config = readConfig();
  if (config === undefined) return process.exit(1);
  let stop = (): void => process.exit(0);
  let drain = stop;
  process.on('SIGTERM', () => drain());
  process.on('SIGINT', () => stop());
  // Started by the local stack: without it there is nobody to serve.
  if (process.channel !== undefined && process.channel !== null) process.on('disconnect', () => stop());

  const log = createLog(config.LOG_LEVEL);
  let watch: NodeJS.Timeout | undefined;
  const ending = (within_ms: number): void => {
    clearTimeout(watch);
    watch = setTimeout(() => {
      log.error(`not stopped within ${within_ms} ms`);
      process.exit(1);
    }, within_ms).unref();
  };
  const task = await startTask(config, {
    secrets: secretsManagerSource(config.ROUTER_SECRET_ID),
    endpoints: metadataEndpoints(process.env),
    ecsAddress,
    log: (task_id) => log.child({ task_id }),
    ending,
  }).catch((error: unknown) => {
    log.fatal({ err: error }, 'cannot start');
    process.exit(1);
  });
  collectDefaultMetrics({ register: task.relay.metrics });
  // The local stack may stand a proxy in front of the port that was picked.
  process.send?.({ kind: 'listening', port: task.relay.port });

  // Whoever asked for it: a signal, the router, or the task itself.
  task.stopped.then(
    () => process.exit(0),
    (error: unknown) => {
      log.fatal({ err: error }, 'cannot stop');
      process.exit(1);
    },
  );
  stop = () => void task.stop();
  drain = () => {
    drain = stop;
    task.drain();
  };
}

await main();
