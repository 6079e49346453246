import { createHash, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatFragment,
  formatLink,
  linkKeys,
  newLinkSecret,
  parseFragment,
  parseLink,
} from '../../../client/src/e2ee/link.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { hex, seededFill } from '../../support/e2ee.ts';

const SECRET = newLinkSecret(seededFill(3));
const FRAGMENT = formatFragment(SECRET);

describe('link', () => {
  it('has a fragment of 43 characters that is read back, with and without "#"', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const fragment = formatFragment(new Uint8Array(bytes));
        expect(fragment).toHaveLength(43);
        const expected = { kind: 'secret', secret: new Uint8Array(bytes) };
        expect(parseFragment(fragment)).toEqual(expected);
        expect(parseFragment(`#${fragment}`)).toEqual(expected);
      }),
    );
  });

  it.each([
    'https://app.example',
    'https://app.example/',
    'http://localhost:5173/a/',
    'https://app.example/a?b=c#d',
  ])('is made for the page %s and read back', (page) => {
    const link = formatLink(page, '00157', SECRET);
    expect(link).toMatch(/^https?:\/\/[^?#]+\/r\/00157#[A-Za-z0-9_-]{43}$/);
    expect(parseLink(link)).toEqual({ kind: 'link', room_id: '00157', secret: SECRET });
  });

  it.each([
    ['', 'no secret'],
    ['#', 'no secret'],
    [FRAGMENT.slice(1), '42 characters instead of 43'],
    [`${FRAGMENT}A`, '44 characters instead of 43'],
    [`${FRAGMENT.slice(0, 42)}=`, 'not base64url'],
    [`${FRAGMENT.slice(0, 42)}_`, 'not base64url'],
    [`+${FRAGMENT.slice(1)}`, 'not base64url'],
  ])('refuses the fragment %j and says why', (fragment, why) => {
    expect(parseFragment(fragment)).toEqual({ kind: 'refused', message: expect.stringContaining(why) });
  });

  it.each([
    ['app.example/r/00157', 'no URL'],
    [`https://app.example/#${FRAGMENT}`, 'no room'],
    [`https://app.example/r/#${FRAGMENT}`, 'no room'],
    [`https://app.example/r/me#${FRAGMENT}`, 'no room'],
    [`https://app.example/00157#${FRAGMENT}`, 'no room'],
    ['https://app.example/r/00157', 'no secret'],
    [`https://app.example/r/00157#${FRAGMENT}!`, '44 characters'],
  ])('refuses %s and says why', (link, why) => {
    expect(parseLink(link)).toEqual({ kind: 'refused', message: expect.stringContaining(why) });
  });

  it('repeats nothing of the secret in its messages', () => {
    const piece = FRAGMENT.slice(8, 16);
    for (const wrong of [`${FRAGMENT}A`, FRAGMENT.slice(1), `${FRAGMENT.slice(0, 42)}=`]) {
      for (const reading of [
        parseFragment(wrong),
        parseLink(`https://app.example/r/0015#${wrong}`),
        parseLink(wrong),
      ]) {
        expect(JSON.stringify(reading)).not.toContain(piece);
      }
    }
  });

  it.each(CRYPTO_PORTS)('gives the keys of the design on $name', async ({ port }) => {
    const keys = await linkKeys(port, '00157', SECRET);
    const room = createHash('sha256').update('AR1 room\0').update('00157').digest().subarray(0, 16);
    const derive = (info: string) => hex(new Uint8Array(hkdfSync('sha256', SECRET, room, info, 32)));
    expect(hex(keys.room)).toBe(hex(room));
    expect(hex(keys.k_mac)).toBe(derive('AR1 hello mac'));
    expect(hex(keys.k_psk)).toBe(derive('AR1 pair psk'));
  });
});
