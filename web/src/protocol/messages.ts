/**
 * The page's own messages: JSON text in frames of class MSG, from client to client. The relay and the router do not
 * know them. A receiver ignores a version, a kind or a field that it does not know, so that pages of different age can
 * share a room.
 *
 *     {"v":1,"kind":"name","name":"Ada"}      to everybody after connecting, and to each newcomer
 *     {"v":1,"kind":"chat","text":"Hello"}    to everybody
 */
export type PageMessage = { kind: 'name'; name: string } | { kind: 'chat'; text: string };

const VERSION = 1;

/** Longest chat message, UTF-16 code units, as `maxlength` counts. */
export const CHAT_LIMIT = 500;
/** Longest display name, UTF-16 code units. */
export const NAME_LIMIT = 32;

/** Characters that would not show, or would turn the text around them: C0, C1, marks and isolates of direction. */
const INVISIBLE = /[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu;

/** The first `limit` code units of `text`, without half a surrogate pair at the end. */
function clip(text: string, limit: number): string {
  const cut = text.slice(0, limit);
  const ends_in_half = (cut.charCodeAt(cut.length - 1) & 0xfc00) === 0xd800;
  return (ends_in_half ? cut.slice(0, -1) : cut).toWellFormed();
}

/** A display name as it is shown: one line, trimmed, at most {@link NAME_LIMIT}. Empty if nothing visible is left. */
export function cleanName(name: string): string {
  return clip(name.replace(/\s+/gu, ' ').replace(INVISIBLE, '').trim(), NAME_LIMIT).trim();
}

/** A chat text as it is sent and shown: trimmed, line breaks kept, at most {@link CHAT_LIMIT}. */
export function cleanChat(text: string): string {
  const lines = text
    .replace(/\r\n?/gu, '\n')
    .replace(INVISIBLE, (character) => (character === '\n' ? '\n' : ''));
  return clip(lines.trim(), CHAT_LIMIT).trim();
}

/** The text of `message` for {@link decodeMessage}. */
export function encodeMessage(message: PageMessage): string {
  return JSON.stringify({ v: VERSION, ...message });
}

/** Reads a message from another client, which is not trusted: undefined for what this page does not know. */
export function decodeMessage(text: string): PageMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  if (fields['v'] !== VERSION) return undefined;
  if (fields['kind'] === 'name' && typeof fields['name'] === 'string') {
    const name = cleanName(fields['name']);
    return name === '' ? undefined : { kind: 'name', name };
  }
  if (fields['kind'] === 'chat' && typeof fields['text'] === 'string') {
    const said = cleanChat(fields['text']);
    return said === '' ? undefined : { kind: 'chat', text: said };
  }
  return undefined;
}
