import { describe, expect, it } from 'vitest';
import { sendsDraft } from '../../../web/src/components/keys.ts';

const ENTER = { key: 'Enter', shiftKey: false, isComposing: false, keyCode: 13 };

describe('a key in the field for a message', () => {
  it.each([
    ['Enter sends', {}, true],
    ['Shift and Enter is a new line', { shiftKey: true }, false],
    ['another key is text', { key: 'a', keyCode: 65 }, false],
    [
      'Enter that chooses a word of an input method does not send',
      { isComposing: true, keyCode: 229 },
      false,
    ],
    ['nor in Safari, which says too early that the choice is over', { keyCode: 229 }, false],
  ])('%s', (_name, event, sends) => {
    expect(sendsDraft({ ...ENTER, ...event })).toBe(sends);
  });
});
