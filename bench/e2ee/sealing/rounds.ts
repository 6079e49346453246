/** Interleaved rounds: in each, everyone seals and opens frames of each size, so that a slow minute falls on all. */
import { spreadOf } from '../../spread.ts';
import type { Spread } from '../../spread.ts';
import type { Target } from './targets.ts';

export const SIZES = [100, 1_024, 16_384] as const;

export interface Plan {
  rounds: number;
  /** How long one measurement is to take, ms. */
  ms: number;
}

export interface Result {
  platform: Target['platform'];
  contender: string;
  /** Of the payload, bytes. */
  bytes: number;
  work: 'seal' | 'open';
  /** Frames in a round. */
  frames: number;
  /** CPU time for a frame, µs. */
  cpu_us: Spread;
  /** The same by the clock. Where the platform is asynchronous, several frames are under way at once. */
  wall_us: Spread;
  frames_per_cpu_second: number;
  /** CPU time against that of the first contender. */
  ratio: number;
}

interface Series {
  contender: string;
  bytes: number;
  frames: number;
  samples: Record<Result['work'], { cpu_us: number[]; wall_us: number[] }>;
}

/** What the sealed frames of one bout may take of memory. */
const MOST_BYTES = 32 * 1024 * 1024;
const LEAST_FRAMES = 64;
/** What is measured to find out how many frames it takes, ms. It warms up, too. */
const TRIAL_MS = 100;

/** How many frames take about as long to seal or to open, whichever is faster, as the plan says. */
async function calibrate({ bouts }: Target, { contender, bytes }: Series, { ms }: Plan): Promise<number> {
  for (let frames = LEAST_FRAMES; ; frames *= 2) {
    await bouts.prepare(contender, bytes, frames);
    await bouts.load();
    const taken = Math.min(await bouts.seal(), await bouts.open());
    const most = Math.floor(MOST_BYTES / bytes);
    if (taken < TRIAL_MS && 2 * frames <= most) continue;
    return Math.min(most, Math.max(LEAST_FRAMES, Math.round((ms * frames) / taken)));
  }
}

async function measure(target: Target, { contender, bytes, frames, samples }: Series): Promise<void> {
  const { bouts } = target;
  await bouts.prepare(contender, bytes, frames);
  for (const work of ['seal', 'open'] as const) {
    if (work === 'open') await bouts.load();
    const before = await target.cpuMs();
    const wall = await bouts[work]();
    const cpu = (await target.cpuMs()) - before;
    samples[work].cpu_us.push((1_000 * cpu) / frames);
    samples[work].wall_us.push((1_000 * wall) / frames);
  }
}

function resultsOf(platform: Target['platform'], all: readonly Series[]): Result[] {
  return all.flatMap(({ contender, bytes, frames, samples }) =>
    (['seal', 'open'] as const).map((work) => {
      const cpu_us = spreadOf(samples[work].cpu_us);
      const first = all.find((series) => series.bytes === bytes)!;
      return {
        platform,
        contender,
        bytes,
        work,
        frames,
        cpu_us,
        wall_us: spreadOf(samples[work].wall_us),
        frames_per_cpu_second: 1e6 / cpu_us.median,
        ratio: cpu_us.median / spreadOf(first.samples[work].cpu_us).median,
      };
    }),
  );
}

export async function measureSealing(
  target: Target,
  plan: Plan,
  progress: (line: string) => void,
): Promise<Result[]> {
  const all: Series[] = [];
  for (const bytes of SIZES) {
    for (const contender of await target.bouts.names()) {
      const samples = { seal: { cpu_us: [], wall_us: [] }, open: { cpu_us: [], wall_us: [] } };
      const series: Series = { contender, bytes, frames: 0, samples };
      series.frames = await calibrate(target, series, plan);
      all.push(series);
    }
  }
  for (let round = 1; round <= plan.rounds; round++) {
    progress(`${target.platform}: round ${round} of ${plan.rounds}`);
    for (const series of all) await measure(target, series);
  }
  return resultsOf(target.platform, all);
}
