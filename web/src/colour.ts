/**
 * The hue of a client, 0–359 degrees: the same for everybody in the room, since it comes from the client id alone.
 * FNV-1a, 32 bits, over the id (http://www.isthe.com/chongo/tech/comp/fnv/).
 */
export function hueOf(client_id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < client_id.length; index++) {
    hash = Math.imul(hash ^ client_id.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % 360;
}
