import fc from 'fast-check';
import type { Schema } from '../openapi/document.ts';

const ABSENT_TYPE = ['null', 'boolean', 'integer', 'string', 'object', 'array'];
/** The usual maximum of a string. Mutations make longer ones. */
const USUAL_LENGTH = 40;
const EXAMPLE_SHARE = 2;

/** Values of a schema: sometimes its example, else anything that it allows. */
export function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const generated = generate(schema);
  const examples = schema.examples ?? [];
  if (examples.length === 0) return generated;
  return fc.oneof(
    { weight: EXAMPLE_SHARE, arbitrary: fc.constantFrom(...examples) },
    { weight: 1, arbitrary: generated },
  );
}

function generate(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return fc.oneof(...alternatives.map(valuesOf));
  if (schema.allOf) return valuesOf(merge(schema.allOf));
  const types = schema.type === undefined ? impliedTypes(schema) : [schema.type].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema)));
}

function impliedTypes(schema: Schema): string[] {
  if (schema.properties) return ['object'];
  if (schema.items) return ['array'];
  if (schema.pattern !== undefined || schema.format !== undefined) return ['string'];
  return ABSENT_TYPE;
}

function merge(parts: Schema[]): Schema {
  const properties = Object.assign({}, ...parts.map((part) => part.properties)) as Record<string, Schema>;
  return {
    ...(Object.assign({}, ...parts) as Schema),
    properties,
    required: parts.flatMap(({ required = [] }) => required),
  };
}

function ofType(type: string, schema: Schema): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: Math.ceil(least(schema)), max: Math.floor(most(schema)) });
    case 'number':
      return fc.double({ min: least(schema), max: most(schema), noNaN: true, noDefaultInfinity: true });
    case 'string':
      return stringsOf(schema);
    case 'array':
      return listsOf(schema);
    case 'object':
      return objectsOf(schema);
    default:
      throw new Error(`The document has a type ${type} that the fuzzer cannot generate`);
  }
}

const least = ({ minimum, exclusiveMinimum }: Schema): number => minimum ?? (exclusiveMinimum ?? -1_001) + 1;
const most = ({ maximum, exclusiveMaximum, ...rest }: Schema): number =>
  maximum ?? (exclusiveMaximum === undefined ? Math.max(1_000, least(rest) + 1_000) : exclusiveMaximum - 1);

function stringsOf({ format, pattern, minLength = 0, maxLength = USUAL_LENGTH }: Schema): fc.Arbitrary<string> {
  const length = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, minLength + USUAL_LENGTH)) };
  // A known format is more exact than the pattern beside it.
  const formatted = BY_FORMAT[format ?? ''];
  if (formatted) return formatted();
  if (pattern !== undefined) return matching(withLength(pattern, length)) ?? fc.string(length);
  // Limits of schemas count code points, and a grapheme has several.
  const graphemes = fc
    .string({ ...length, unit: 'grapheme' })
    .map((text) => Array.from(text).slice(0, maxLength).join(''));
  return fc.oneof(fc.string(length), graphemes);
}

/**
 * Texts that match a pattern; `undefined` for a pattern with a lookahead, which fast-check cannot generate. The example
 * is used then.
 */
function matching(pattern: string): fc.Arbitrary<string> | undefined {
  return /\(\?[=!<]/.test(pattern) ? undefined : fc.stringMatching(new RegExp(pattern));
}

/**
 * Puts the limits of the length into the last quantifier of the pattern. A filter could take for ever. A few patterns
 * still give values that are too short, which the server refuses.
 */
function withLength(pattern: string, { minLength, maxLength }: { minLength: number; maxLength: number }): string {
  return pattern.replace(/[+*](\$?)$/, (_, end: string) => `{${Math.max(minLength, 1)},${maxLength}}${end}`);
}

const BY_FORMAT: Record<string, () => fc.Arbitrary<string>> = {
  email: () => fc.emailAddress({ size: 'small' }),
  uuid: () => fc.uuid(),
  uri: () => fc.webUrl(),
  url: () => fc.webUrl(),
  ipv4: () => fc.ipV4(),
  ipv6: () => fc.ipV6(),
  hostname: () => fc.domain(),
  'date-time': () => dates().map((date) => date.toISOString()),
  date: () => dates().map((date) => date.toISOString().slice(0, 10)),
};

const dates = (): fc.Arbitrary<Date> =>
  fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });

function listsOf({ items = {}, minItems = 0, maxItems = 4, uniqueItems = false }: Schema): fc.Arbitrary<unknown> {
  const length = { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, minItems + 3)) };
  return uniqueItems ? fc.uniqueArray(valuesOf(items), length) : fc.array(valuesOf(items), length);
}

/**
 * URLs and addresses that the product would call because of a request. They are on loopback, without a server, so that
 * nothing leaves this machine.
 */
const LOOPBACK: Record<string, fc.Arbitrary<unknown>> = {
  url: fc.constantFrom('http://127.0.0.1:9/hook', 'http://127.0.0.1:9/other?a=b', 'http://[::1]:9/hook'),
  to: fc.constantFrom('6281200000001', '+6281234567890', '6281234567890@s.whatsapp.net', '12'),
  endpoint: fc.integer({ min: 1, max: 40 }).map((port) => `http://127.0.0.1:${port}`),
};

function objectsOf({ properties = {}, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries(properties).map(([name, member]) => [name, LOOPBACK[name] ?? valuesOf(member)]),
  );
  const known = fc.record(members, { requiredKeys: Object.keys(members).filter((name) => required.includes(name)) });
  if (additionalProperties === false || (additionalProperties === undefined && Object.keys(members).length > 0))
    return known;
  const free =
    typeof additionalProperties === 'object' ? valuesOf(additionalProperties) : fc.jsonValue({ maxDepth: 2 });
  return fc
    .tuple(known, fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), free, { maxKeys: 4 }))
    .map(([named, others]) => ({ ...others, ...named }));
}
