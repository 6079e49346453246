import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const doc = readFileSync(new URL('docs/rfc6455.md', root), 'utf8');

/** The list, one rule a line. */
const rules = doc.replace(/\n {2}/g, ' ').match(/^- \*\*§.*$/gm) ?? [];

/** The tests that a rule names: `file`: “name”, “name”. */
function testsOf(rule: string): { file: string; name: string }[] {
  return [...rule.matchAll(/`(test\/[^`]+)`: ((?:“[^”]+”(?:, )?)+)/g)].flatMap(([, file, names]) =>
    [...names!.matchAll(/“([^”]+)”/g)].map(([, name]) => ({ file: file!, name: name! })),
  );
}

/** Titles of tests, rows of `it.each` and keys of a table in `source`: strings in front of a comma or a colon. */
function titlesOf(source: string): Set<string> {
  return new Set([...source.matchAll(/'((?:[^'\\\n]|\\.)+)'\s*[,:]/g)].map(([, title]) => title!));
}

describe('docs/rfc6455.md', () => {
  it('has the sections that concern a server', () => {
    const sections = [
      '4.2',
      '5.1',
      '5.2',
      '5.3',
      '5.4',
      '5.5',
      '5.6',
      '5.8',
      '6',
      '7.1',
      '7.2',
      '7.4',
      '8.1',
      '10',
    ];
    const heads = rules.map((rule) => rule.slice(0, rule.indexOf('**', 4)));
    for (const section of sections) {
      expect(heads.some((head) => head.includes(`§${section}`))).toBe(true);
    }
  });

  it.each(rules.map((rule) => [rule.slice(2, 90), rule] as const))(
    'names tests that there are: %s',
    (_start, rule) => {
      const tests = testsOf(rule);
      expect(tests).not.toEqual([]);
      // None is overlooked for how it is written.
      expect(tests).toHaveLength(rule.match(/“/g)?.length ?? 0);
      for (const { file, name } of tests) {
        const path = new URL(file, root);
        expect({ file, found: existsSync(path) }).toEqual({ file, found: true });
        expect([...titlesOf(readFileSync(path, 'utf8'))]).toContain(name);
      }
    },
  );
});
