import { readFileSync } from 'node:fs';
import { type CollectionTag, parse, type ScalarTag } from 'yaml';

/** The short forms of CloudFormation's functions. Condition and Ref have no `Fn::` in their long form. */
const FUNCTIONS = [
  'Ref',
  'Condition',
  'Base64',
  'Cidr',
  'FindInMap',
  'GetAtt',
  'GetAZs',
  'ImportValue',
  'Join',
];
const MORE_FUNCTIONS = ['Select', 'Split', 'Sub', 'Transform', 'And', 'Equals', 'If', 'Not', 'Or'];

function tagsOf(name: string): (ScalarTag | CollectionTag)[] {
  const long = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const tag = `!${name}`;
  const collection = (kind: 'seq' | 'map'): CollectionTag => ({
    tag,
    collection: kind,
    resolve: (value) => ({ [long]: value.toJSON() as unknown }),
  });
  return [{ tag, resolve: (value: string) => ({ [long]: value }) }, collection('seq'), collection('map')];
}

const customTags = [...FUNCTIONS, ...MORE_FUNCTIONS].flatMap(tagsOf);

/**
 * Reads a YAML file in which CloudFormation's functions may have their short form; they come out in the long one. Throws
 * an `Error` that names the file.
 */
export function readYaml(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  try {
    return parse(text, { customTags });
  } catch (error) {
    throw new Error(`${path} is not YAML: ${(error as Error).message}`, { cause: error });
  }
}
