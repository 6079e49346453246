import { CLIENT_ID, ROOM_ID } from '../../../shared/protocol/subprotocol.ts';

/**
 * The page's own messages: JSON text in frames of class MSG, from client to client. The relay and the router do not
 * know them. A receiver ignores a version, a kind or a field that it does not know, so that pages of different age can
 * share a room.
 *
 *     {"v":1,"kind":"name","name":"Ada"}      to everybody after connecting, and to each newcomer
 *     {"v":1,"kind":"chat","text":"Hello"}    to everybody
 *     {"v":1,"kind":"move","room_id":"12345","without":["3f0a…"]}
 *
 * The last goes to each of those whom the sender invites to another room: whom, by client id, it leaves out there.
 */
export type PageMessage =
  | { kind: 'name'; name: string }
  | { kind: 'chat'; text: string }
  | { kind: 'move'; room_id: string; without: readonly string[] };

const VERSION = 1;

/** Longest chat message, UTF-16 code units, as `maxlength` counts. */
export const CHAT_LIMIT = 500;
/** Client ids at most in a message: rooms have no more seats. */
const IDS_LIMIT = 1_000;
/** Longest display name, UTF-16 code units. */
export const NAME_LIMIT = 32;

/**
 * Characters that show nothing, or turn the text around them: controls, what Unicode calls default-ignorable (marks of
 * direction, spaces without width, fillers) and the empty Braille cell. Joiners and variation selectors stay: scripts and
 * emoji are written with them.
 */
const INVISIBLE = /(?![\u200C\u200D\p{Variation_Selector}])[\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A letter, digit, mark of punctuation or symbol, without which a text shows nothing. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** `text`, trimmed, or its first `limit` code units, without half a surrogate pair at the end; empty if nothing shows. */
function clip(text: string, limit: number): string {
  const cut = text.trim().slice(0, limit);
  const ends_in_half = (cut.charCodeAt(cut.length - 1) & 0xfc00) === 0xd800;
  const clipped = (ends_in_half ? cut.slice(0, -1) : cut).toWellFormed().trim();
  return VISIBLE.test(clipped) ? clipped : '';
}

/** A display name as it is shown: one line, trimmed, at most {@link NAME_LIMIT}. Empty if nothing visible is left. */
export function cleanName(name: string): string {
  const line = name.replace(/\s/gu, ' ').replace(INVISIBLE, '');
  return clip(line.replace(/ +/gu, ' '), NAME_LIMIT);
}

/** A chat text as it is sent and shown: trimmed, line breaks kept, at most {@link CHAT_LIMIT}. Empty like a name. */
export function cleanChat(text: string): string {
  const lines = text
    .replace(/\r\n?/gu, '\n')
    .replace(INVISIBLE, (character) => (character === '\n' ? '\n' : ''));
  return clip(lines, CHAT_LIMIT);
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
  if (fields['kind'] === 'move') return decodeMove(fields['room_id'], fields['without']);
  return undefined;
}

function decodeMove(room_id: unknown, without: unknown): PageMessage | undefined {
  if (typeof room_id !== 'string' || !ROOM_ID.test(room_id)) return undefined;
  if (!Array.isArray(without) || without.length > IDS_LIMIT) return undefined;
  const ids = without.filter((id): id is string => typeof id === 'string' && CLIENT_ID.test(id));
  return ids.length === without.length ? { kind: 'move', room_id, without: ids } : undefined;
}
