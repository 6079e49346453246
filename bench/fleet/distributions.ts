/** Draws from distributions, each from a source of fractions in [0, 1). */
import { seededRandom } from '../../test/support/random.ts';

export type Fraction = () => number;

/** A source of its own for each purpose `n`: what one draws changes nothing of what another does. */
export function streamOf(seed: number, n: number): Fraction {
  const random = seededRandom(seed ^ (0x0f1e_e700 + n));
  return () => random.fraction();
}

export function exponential(fraction: Fraction, mean: number): number {
  return -mean * Math.log(1 - fraction());
}

export function uniform(fraction: Fraction, from: number, to: number): number {
  return from + fraction() * (to - from);
}

/** Standard normal (Box and Muller). */
export function normal(fraction: Fraction): number {
  return Math.sqrt(-2 * Math.log(1 - fraction())) * Math.cos(2 * Math.PI * fraction());
}

export function logNormal(fraction: Fraction, median: number, sigma: number): number {
  return median * Math.exp(sigma * normal(fraction));
}
