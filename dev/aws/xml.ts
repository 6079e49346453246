export type XmlValue = string | number | undefined | XmlValue[] | { [name: string]: XmlValue };

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** `<name>…</name>`: members of an object become elements, an array one element a member, undefined nothing. */
export function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((member) => element(name, member)).join('');
  const content =
    typeof value === 'object'
      ? Object.entries(value)
          .map(([key, member]) => element(key, member))
          .join('')
      : String(value).replace(/[&<>]/g, (char) => ENTITIES[char]!);
  return `<${name}>${content}</${name}>`;
}
