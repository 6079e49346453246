import { describe, expect, it } from 'vitest';
import { parseInvite, parseRoute, roomPath } from '../../../web/src/route.ts';

describe('the address of the page', () => {
  it('names a room, leading zeros included', () => {
    expect(parseRoute(roomPath('00157'))).toEqual({ kind: 'room', room_id: '00157' });
    expect(parseRoute('/r/00157/')).toEqual({ kind: 'room', room_id: '00157' });
  });

  it('is the start page', () => {
    expect(parseRoute('/')).toEqual({ kind: 'home' });
  });

  it.each(['/r/', '/r/12', '/r/abcde', '/r/1234567890123', '/r/12345/x', '/x'])('is unknown: %s', (path) => {
    expect(parseRoute(path)).toEqual({ kind: 'unknown' });
  });
});

describe('what somebody pastes to join', () => {
  it.each([
    ['12345', '12345'],
    [' 00 157 ', '00157'],
    ['#12345', '12345'],
    ['https://room.example/r/12345', '12345'],
    ['http://localhost:8787/r/12345/?from=mail#top', '12345'],
    ['room.example/r/12345', '12345'],
    ['/r/12345', '12345'],
    ['', undefined],
    ['12', undefined],
    ['my room', undefined],
    ['https://room.example/', undefined],
    ['https://room.example/r/abc', undefined],
    ['javascript:alert(1)', undefined],
  ])('%j is room %j', (text, room_id) => {
    expect(parseInvite(text)).toBe(room_id);
  });
});
