import { describe, expect, it } from 'vitest';
import { errorOfTrouble } from '../../../client/src/troubles.ts';

describe('trouble of a sealed room', () => {
  it('is an error event that says whom it is about, and what can be done', () => {
    const unreadable = { kind: 'unreadable', from: 'ada', reason: 'tag', count: 2 } as const;
    expect(errorOfTrouble(unreadable)).toMatchObject({
      error: {
        code: 'unreadable',
        message: expect.stringMatching(/^2 frames of ada cannot be read/) as string,
      },
      from: 'ada',
      reason: 'tag',
      count: 2,
    });
    expect(errorOfTrouble({ ...unreadable, from: undefined })).not.toHaveProperty('from');
    expect(errorOfTrouble({ kind: 'lost', from: 'ada', count: 1 })).toMatchObject({
      error: { code: 'lost', message: expect.stringMatching(/^A message of ada did not arrive/) as string },
      from: 'ada',
      count: 1,
    });
    expect(errorOfTrouble({ kind: 'not_sent', to: 'ada', why: 'it is gone' })).toMatchObject({
      error: { code: 'not_sent', message: 'A message to ada reached nobody: it is gone. Send it again' },
      to: 'ada',
    });
    expect(errorOfTrouble({ kind: 'not_sent', to: undefined, why: 'x' })).not.toHaveProperty('to');
  });
});
