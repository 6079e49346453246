/**
 * The stacks that tests start run the stream task as it is deployed, one file: it is bundled once for a run, and a hundred processes
 * of it start faster than from its sources.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTask } from '../../scripts/build-task.ts';

/** The stream task as it is deployed, until it is removed. */
export interface BundledTask {
  file: string;
  remove: () => Promise<void>;
}

export async function bundleTask(): Promise<BundledTask> {
  const folder = await mkdtemp(join(tmpdir(), 'anteroom-task-'));
  const file = join(folder, 'stream-task.mjs');
  await buildTask(file);
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}

export default async function setup(): Promise<() => Promise<void>> {
  const { file, remove } = await bundleTask();
  // Read by the local stack; worker processes inherit it.
  process.env['TASK_FILE'] = file;
  return remove;
}
