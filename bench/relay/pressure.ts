/** How long work has waited for a core of this machine. */
import { readFileSync } from 'node:fs';

const PRESSURE = '/proc/pressure/cpu';

/**
 * µs since the machine started in which something was ready to run and had no core (Linux, Documentation/accounting/psi.rst).
 * Always 0 where the kernel does not count them.
 */
export function waitedUs(): number {
  try {
    return Number(/^some .*total=(\d+)$/m.exec(readFileSync(PRESSURE, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
