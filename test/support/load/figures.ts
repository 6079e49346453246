/** Times in a few numbers. */
export interface Figures {
  count: number;
  p50_ms: number;
  p95_ms: number;
  most_ms: number;
}

/** The `share` quantile (nearest rank) of `values`; undefined of none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Undefined of none. */
export function figuresOf(values: readonly number[]): Figures | undefined {
  if (values.length === 0) return undefined;
  const at = (share: number): number => Math.round(quantile(values, share)!);
  return { count: values.length, p50_ms: at(0.5), p95_ms: at(0.95), most_ms: at(1) };
}

export const figuresText = ({ count, p50_ms, p95_ms, most_ms }: Figures): string =>
  `p50 ${p50_ms} ms, p95 ${p95_ms} ms, at most ${most_ms} ms (${count})`;
