/** Arguments of the commands that put a stack under load. Each throws a `TypeError` with a sentence for people. */
import { FAULT_KINDS, type FaultKind } from './ledger.ts';

export function number(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < least) {
    throw new TypeError(`--${name} must be a number from ${least} up, not ${JSON.stringify(text)}`);
  }
  return value;
}

export function kinds(text: string): FaultKind[] {
  const words = text.split(',');
  const unknown = words.filter((word) => !FAULT_KINDS.includes(word as FaultKind));
  if (unknown.length > 0)
    throw new TypeError(`--faults takes ${FAULT_KINDS.join(', ')}, not ${unknown.join(', ')}`);
  return words as FaultKind[];
}
