import { expect, it } from 'vitest';
import { element } from '../../../dev/aws/xml.ts';

it('members become elements, arrays repeat them, text is escaped, undefined is left out', () => {
  const value = { id: 7, text: 'a<b>&', none: undefined, set: { item: [{ x: 1 }, { x: 2 }] } };
  expect(element('r', value)).toBe(
    '<r><id>7</id><text>a&lt;b&gt;&amp;</text><set><item><x>1</x></item><item><x>2</x></item></set></r>',
  );
});
