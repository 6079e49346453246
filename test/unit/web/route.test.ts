import { describe, expect, it } from 'vitest';
import { addressOf, parseInvite, parseRoute } from '../../../web/src/route.ts';

const HERE = 'https://room.example';
/** 32 bytes in base64url. */
const SECRET = 'q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k';

const routeOf = (address: string): ReturnType<typeof parseRoute> => parseRoute(new URL(address, HERE));

describe('the address of the page', () => {
  it('names a room, leading zeros included, and has its key', () => {
    const link = `${HERE}/r/00157#${SECRET}`;
    expect(routeOf(`/r/00157#${SECRET}`)).toEqual({ kind: 'room', room_id: '00157', link });
    expect(routeOf(`/r/00157/?from=mail#${SECRET}`)).toEqual({ kind: 'room', room_id: '00157', link });
  });

  it('is the start page', () => {
    expect(routeOf('/')).toEqual({ kind: 'home' });
    expect(routeOf('/index.html#top')).toEqual({ kind: 'home' });
  });

  it.each(['/r/', '/r/12', '/r/abcde', '/r/1234567890123', '/r/12345/x', '/x'])('is unknown: %s', (path) => {
    expect(routeOf(`${path}#${SECRET}`)).toEqual({ kind: 'unknown' });
  });

  it.each([
    ['', 'missing'],
    ['#', 'missing'],
    ['#top', 'cut'],
    [`#${SECRET.slice(0, -1)}`, 'cut'],
    [`#${SECRET}.`, 'wrong'],
    [`#${SECRET.slice(0, -1)}!`, 'wrong'],
    // Its last two bits are no part of 32 bytes.
    [`#${SECRET.slice(0, -1)}l`, 'wrong'],
  ])('opens no room if its fragment is %j', (fragment, fault) => {
    expect(routeOf(`/r/12345${fragment}`)).toEqual({ kind: 'keyless', room_id: '12345', fault });
  });

  it('is what follows the host in a link', () => {
    expect(addressOf(`${HERE}/r/12345#${SECRET}`)).toBe(`/r/12345#${SECRET}`);
  });
});

describe('what somebody pastes to join', () => {
  it.each([
    `${HERE}/r/12345#${SECRET}`,
    `  ${HERE}/r/12345/?from=mail#${SECRET}\n`,
    `http://room.example/r/12345#${SECRET}`,
    `HTTPS://Room.Example/r/12345#${SECRET}`,
    `room.example/r/12345#${SECRET}`,
    `/r/12345#${SECRET}`,
  ])('is a link of this page: %j', (text) => {
    expect(parseInvite(text, HERE)).toEqual({
      kind: 'link',
      room_id: '12345',
      link: `${HERE}/r/12345#${SECRET}`,
    });
  });

  it.each([
    ['12345', 'number'],
    [' 00 157 ', 'number'],
    ['#12345', 'number'],
    [`${HERE}/r/12345`, 'missing'],
    ['/r/12345/?from=mail#', 'missing'],
    [`${HERE}/r/12345#${SECRET.slice(0, 20)}`, 'cut'],
    [`room.example/r/12345#${SECRET}x`, 'wrong'],
    [`https://other.example/r/12345#${SECRET}`, 'elsewhere'],
    [`https://room.example:8443/r/12345#${SECRET}`, 'elsewhere'],
    ['', 'none'],
    ['12', 'none'],
    ['my room', 'none'],
    [SECRET, 'none'],
    [`${HERE}/`, 'none'],
    [`${HERE}/r/abc#${SECRET}`, 'none'],
    ['javascript:alert(1)', 'none'],
  ])('is refused: %j (%s)', (text, fault) => {
    expect(parseInvite(text, HERE)).toEqual({ kind: 'refused', fault });
  });
});
