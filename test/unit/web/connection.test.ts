import { describe, expect, it } from 'vitest';
import { nextConnection } from '../../../web/src/state/connection.ts';

describe('the connection as the page shows it', () => {
  it('connects and is live', () => {
    const connecting = nextConnection(undefined, { status: 'connecting' }, 0);
    expect(connecting).toEqual({ status: 'connecting' });
    const securing = nextConnection(connecting, { status: 'securing' }, 0);
    expect(securing).toEqual({ status: 'securing' });
    expect(nextConnection(securing, { status: 'live' }, 0)).toEqual({ status: 'live' });
  });

  it('is there again once keys are being agreed on after a break; a further break is another', () => {
    const lost = { status: 'reconnecting', since: 1_000, attempt: 2, retry_at: undefined } as const;
    const securing = nextConnection(lost, { status: 'securing' }, 2_000);
    expect(securing).toEqual({ status: 'securing' });
    expect(nextConnection(securing, { status: 'connecting' }, 3_000)).toEqual({
      status: 'reconnecting',
      since: 3_000,
      attempt: 1,
      retry_at: undefined,
    });
  });

  it('is one break from the loss until it is live again', () => {
    const lost = nextConnection(
      { status: 'live' },
      { status: 'reconnecting', attempt: 2, retry_in_ms: 400, cause: '1006' },
      1_000,
    );
    expect(lost).toEqual({ status: 'reconnecting', since: 1_000, attempt: 2, retry_at: 1_400 });
    const trying = nextConnection(lost, { status: 'connecting' }, 1_400);
    expect(trying).toEqual({ status: 'reconnecting', since: 1_000, attempt: 2, retry_at: undefined });
    const failed = nextConnection(
      trying,
      { status: 'reconnecting', attempt: 3, retry_in_ms: 800, cause: '1006' },
      1_500,
    );
    expect(failed).toEqual({ status: 'reconnecting', since: 1_000, attempt: 3, retry_at: 2_300 });
    expect(nextConnection(failed, { status: 'live' }, 2_400)).toEqual({ status: 'live' });
  });

  it('says why it is over', () => {
    const reason = { kind: 'gone' } as const;
    expect(nextConnection({ status: 'live' }, { status: 'closed', reason }, 0)).toEqual({
      status: 'closed',
      reason,
    });
  });
});
