/** What sealed rooms show: how it stands with the others, what went wrong, and where links lead. */
import { describe, expect, it } from 'vitest';
import type { Trouble } from '../../../client/src/e2ee/channel.ts';
import { formatLink } from '../../../client/src/e2ee/link.ts';
import { parseLink } from '../../../client/src/link.ts';
import { pageFor, pageOf } from '../../../client/src/page.ts';
import { securityOf } from '../../../client/src/security.ts';
import { errorOfTrouble } from '../../../client/src/troubles.ts';
import { SECRET } from '../../support/engine-doubles.ts';

describe('securityOf', () => {
  const NOBODY = { sealed: [], securing: [], unsealed: [], disagreeing: [] };
  it.each([
    ['sealed', 'nobody else is here', {}],
    ['sealed', 'all others are', { sealed: ['a', 'b'] }],
    ['sealed', 'somebody disagrees', { sealed: ['a', 'b'], disagreeing: ['b'] }],
    ['partly_sealed', 'somebody is not', { sealed: ['a'], unsealed: ['b'] }],
    ['securing', 'somebody is on the way, whoever is not', { securing: ['a'], unsealed: ['b'] }],
  ])('is %s where %s', (status, _, standing) => {
    expect(securityOf({ ...NOBODY, ...standing })).toEqual({ ...NOBODY, ...standing, status });
  });
});

describe('errorOfTrouble', () => {
  it('names the sender, the reason and the count of what cannot be read', () => {
    const trouble: Trouble = { kind: 'unreadable', from: 'eve', reason: 'tag', count: 3 };
    expect(errorOfTrouble(trouble)).toEqual({
      error: expect.objectContaining({
        code: 'unreadable',
        message: expect.stringMatching(
          /^3 frames of eve cannot be read and was dropped: each was not sealed/,
        ),
      }),
      from: 'eve',
      reason: 'tag',
      count: 3,
    });
    expect(errorOfTrouble({ ...trouble, from: undefined, count: 1, reason: 'not_sealed' })).toEqual({
      error: expect.objectContaining({
        message: expect.stringMatching(/^A frame of nobody who is here .* without the link$/),
      }),
      reason: 'not_sealed',
      count: 1,
    });
  });

  it('tells what is lost, and what reached nobody', () => {
    expect(errorOfTrouble({ kind: 'lost', from: 'bob', count: 1 })).toEqual({
      error: expect.objectContaining({ code: 'lost', message: expect.stringMatching(/^A message of bob/) }),
      from: 'bob',
      count: 1,
    });
    expect(errorOfTrouble({ kind: 'not_sent', to: 'bob', why: 'it is away' })).toEqual({
      error: expect.objectContaining({
        code: 'not_sent',
        message: 'A message to bob reached nobody: it is away. Send it again',
      }),
      to: 'bob',
    });
    expect(errorOfTrouble({ kind: 'not_sent', to: undefined, why: 'x' }).error.message).toMatch(
      /^A message r/,
    );
  });
});

describe('the page of links', () => {
  const ROUTER = 'https://router.example';
  it.each([
    ['the one that is named', 'https://app.example/x/', 'https://here.example/', 'https://app.example/x/'],
    ['the one that we run in', undefined, 'https://here.example/?a=b#c', 'https://here.example/'],
    ['its directory', undefined, 'https://here.example/app/index.html', 'https://here.example/app/'],
    [
      'what is above the room that it shows',
      undefined,
      'https://here.example/app/r/00157#c',
      'https://here.example/app',
    ],
    ['the router elsewhere', undefined, undefined, ROUTER],
    ['the router where a page has no address', undefined, 'about:blank', ROUTER],
  ])('is %s', (_, named, own, page) => {
    expect(pageFor(named, own, ROUTER)).toBe(page);
    const link = formatLink(page, '00158', SECRET);
    expect(parseLink(link)).toEqual({ kind: 'link', room_id: '00158' });
    expect(formatLink(pageOf(link), '00158', SECRET)).toBe(link);
  });

  it.each(['', 'app.example', 'mailto:ann@app.example', 7])('is not %j', (named) => {
    expect(() => pageFor(named as string, undefined, ROUTER)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(/^page must be/) }),
    );
  });
});

describe('parseLink', () => {
  it('names the room and keeps the secret to itself; else says what is wrong', () => {
    expect(parseLink('https://app.example/r/00157')).toEqual({
      kind: 'refused',
      message: expect.stringContaining('Copy the whole link'),
    });
    const link = formatLink('https://app.example', '00157', SECRET);
    expect(JSON.stringify(parseLink(link.slice(0, -1)))).not.toContain(new URL(link).hash.slice(1, 10));
  });
});
