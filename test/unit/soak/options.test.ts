import { describe, expect, it } from 'vitest';
import { repeatCommand, soakOptions } from '../../soak/options.ts';

describe('the options of a soak', () => {
  it('are repeated by the command that they print', () => {
    const options = soakOptions(['--seed', '7', '--minutes', '0.5', '--faults', 'kill,router'], {});
    const [, args = ''] = repeatCommand(options).split('-- ', 2);
    expect(repeatCommand(options)).toContain('--seed 7 ');
    expect(soakOptions(args.split(' '), {})).toEqual(options);
  });

  it.each([
    [['--minutes', 'long'], '--minutes must be a number from 0.05 up, not "long"'],
    [['--faults', 'kill,flood'], 'not flood'],
    [['--rooms', '3'], "Unknown option '--rooms'"],
  ])('%j are refused with a sentence', (args, sentence) => {
    expect(() => soakOptions(args, {})).toThrow(sentence);
  });
});
