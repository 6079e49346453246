/** Bundles the stream task into one file that plain Node 24 runs: `dist/stream-task.mjs`, or the path given. */
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Builds the bundle at `outfile`. Rejects with esbuild's messages. */
export async function buildTask(outfile: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['stream-task/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // The ES modules of the AWS SDK shake down to what is used: a task boots faster.
    mainFields: ['module', 'main'],
    // Some packages are CommonJS and call `require`, which an ES module does not have.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    // Optional native helpers of `ws`, which does without them.
    external: ['bufferutil', 'utf-8-validate'],
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
}

if (import.meta.main) await buildTask(process.argv[2] ?? 'dist/stream-task.mjs');
