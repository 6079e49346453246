import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHAT_LIMIT,
  cleanChat,
  cleanName,
  decodeMessage,
  encodeMessage,
  NAME_LIMIT,
} from '../../../web/src/protocol/messages.ts';

describe("the page's own messages", () => {
  it('are read as they were written', () => {
    expect(decodeMessage(encodeMessage({ kind: 'chat', text: 'Hello\n<b>you</b>' }))).toEqual({
      kind: 'chat',
      text: 'Hello\n<b>you</b>',
    });
    expect(decodeMessage(encodeMessage({ kind: 'name', name: 'Ada 👩‍💻' }))).toEqual({
      kind: 'name',
      name: 'Ada 👩‍💻',
    });
    const move = { kind: 'move', room_id: '12345', without: [randomUUID(), randomUUID()] } as const;
    expect(decodeMessage(encodeMessage(move))).toEqual(move);
  });

  it.each([
    '',
    'hello',
    'null',
    '[]',
    '7',
    '{"kind":"chat","text":"no version"}',
    '{"v":2,"kind":"chat","text":"newer"}',
    '{"v":1,"kind":"wave"}',
    '{"v":1,"kind":"chat"}',
    '{"v":1,"kind":"chat","text":7}',
    '{"v":1,"kind":"chat","text":" \\n "}',
    '{"v":1,"kind":"name","name":"\\u202e"}',
    '{"v":1,"kind":"move","room_id":"12345"}',
    '{"v":1,"kind":"move","room_id":"12","without":[]}',
    '{"v":1,"kind":"move","room_id":"12345","without":["Bob"]}',
  ])('are ignored if the version or kind is not known, or a field is missing or wrong: %s', (text) => {
    expect(decodeMessage(text)).toBeUndefined();
  });

  it('may have fields that are not known', () => {
    expect(decodeMessage('{"v":1,"kind":"chat","text":"hi","mood":"good"}')).toEqual({
      kind: 'chat',
      text: 'hi',
    });
  });

  it('never come out longer than the limit, whatever another client sends', () => {
    const lengthOf = (fields: Record<string, string>): number => {
      const message = decodeMessage(JSON.stringify({ v: 1, ...fields }));
      if (message?.kind === 'chat') return message.text.length;
      return message?.kind === 'name' ? message.name.length : 0;
    };
    const pieces = fc.constantFrom('a', ' ', '\n', 'é', '😀', '\ud83d', '\ude00', '\u202e', '\u0000');
    const text = fc.array(pieces, { maxLength: 2 * CHAT_LIMIT, size: 'max' }).map((parts) => parts.join(''));
    expect(() =>
      fc.assert(
        fc.property(
          text,
          (text) =>
            lengthOf({ kind: 'chat', text }) <= CHAT_LIMIT &&
            lengthOf({ kind: 'name', name: text }) <= NAME_LIMIT,
        ),
      ),
    ).not.toThrow();
  });
});

describe('names', () => {
  it('are one line without what cannot be seen', () => {
    expect(cleanName('  Ada \n\t Lovelace\u202e\u0007 ')).toBe('Ada Lovelace');
  });

  it.each([
    ['a zero-width space', '\u200b'],
    ['a word joiner', '\u2060'],
    ['a soft hyphen', '\u00ad'],
    ['an Arabic letter mark', '\u061c'],
    ['a Hangul filler', '\u3164'],
    ['an empty Braille cell', '\u2800'],
    ['joiners, which belong to what is seen', '\u200d\u200c'],
    ['variation selectors', '\ufe0f\u{e0101}'],
    ['marks on nothing', '\u0301\u0308'],
    ['a space of another width', '\u3000\u2003'],
  ])('of %s alone are empty', (_what, name) => {
    expect(cleanName(name)).toBe('');
    expect(cleanChat(name)).toBe('');
    expect(cleanName(`Ada${name}`).replace(/[^A-Za-z]/gu, '')).toBe('Ada');
  });

  it('keep what scripts and emoji are written with', () => {
    for (const name of ['نامه\u200cای', 'क्\u200dष', '👩\u200d💻', '❤\ufe0f', 'José', '1', '?!']) {
      expect(cleanName(name)).toBe(name);
    }
  });

  it('cannot have two spaces in a row by what is between them', () => {
    expect(cleanName('Ada \u200b Lovelace')).toBe('Ada Lovelace');
  });

  it('are not cut through a pair of surrogates', () => {
    const name = cleanName(`${'a'.repeat(NAME_LIMIT - 1)}😀`);
    expect(name).toBe('a'.repeat(NAME_LIMIT - 1));
  });
});

describe('chat texts', () => {
  it('keep their line breaks, in one form', () => {
    expect(cleanChat(' one\r\ntwo\rthree\u0000 \n')).toBe('one\ntwo\nthree');
  });
});
