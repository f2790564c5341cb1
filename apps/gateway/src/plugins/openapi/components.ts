/**
 * Gives names to repeated parts of the API description, so that a generated client has a `Session` and a `NotFound`
 * instead of a hundred copies. The schemas of the routes stay inline, because validators and serialisers are compiled
 * from one piece.
 */
import { STATUS_CODES } from 'node:http';
import { ERRORS, type ErrorCode } from '@wa-gate/contracts';

/** A part of the document as JSON. */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const isObject = (node: Json | undefined): node is JsonObject =>
  typeof node === 'object' && node !== null && !Array.isArray(node);

const reference = (section: string, name: string): JsonObject => ({ $ref: `#/components/${section}/${name}` });

/** Members of a schema that the document does not keep where they stand. */
const isMoved = (name: string, value: Json): boolean =>
  (name === '$id' && typeof value === 'string') || (name === 'examples' && Array.isArray(value));

/** Every level of a document asks for the keys of all below it. Objects stay as they are from their first key on. */
const keys = new WeakMap<object, string>();

/** The same text for the same schema: members in one order, and `const` as the `enum` that the document shows. */
function keyOf(node: Json): string {
  if (Array.isArray(node)) return `[${node.map(keyOf).join()}]`;
  if (!isObject(node)) return JSON.stringify(node);
  const known = keys.get(node);
  if (known !== undefined) return known;
  const members = Object.entries(node)
    .filter(([name, value]) => !isMoved(name, value))
    .map(([name, value]): [string, Json] => (name === 'const' ? ['enum', [value]] : [name, value]))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const key = `{${members.map(([name, value]) => `${JSON.stringify(name)}:${keyOf(value)}`).join()}}`;
  keys.set(node, key);
  return key;
}

/** Names by what the schema looks like. Of twins the first name in the alphabet is kept. */
function namesByKey(schemas: Readonly<Record<string, object>>): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, schema] of Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = keyOf(JSON.parse(JSON.stringify(schema)) as Json);
    if (!names.has(key)) names.set(key, name);
  }
  return names;
}

/** Replaces each schema that has a name, inside named ones too, and collects the bodies. */
function createNaming(names: ReadonlyMap<string, string>, schemas: JsonObject) {
  const nameOf = (node: JsonObject): string | undefined => names.get(keyOf(node));

  function inner(node: JsonObject): JsonObject {
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, replace(value)]));
  }

  function replace(node: Json): Json {
    if (Array.isArray(node)) return node.map(replace);
    if (!isObject(node)) return node;
    const name = nameOf(node);
    if (name) {
      schemas[name] ??= inner(node);
      return reference('schemas', name);
    }
    const nullable = nullableName(node);
    if (nullable) return { anyOf: [reference('schemas', nullable), { type: 'null' }] };
    return inner(node);
  }

  /** The name of an object that may be null as well. */
  function nullableName(node: JsonObject): string | undefined {
    const { type } = node;
    if (!Array.isArray(type) || type.length !== 2 || type[0] !== 'object' || type[1] !== 'null') return undefined;
    const alone = { ...node, type: 'object' };
    const name = nameOf(alone);
    if (name) schemas[name] ??= inner(alone);
    return name;
  }

  return replace;
}

const pascalCase = (code: string): string =>
  code
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

/** Such as `NotFound`. */
const statusName = (status: string): string =>
  (STATUS_CODES[status] ?? `Status ${status}`).replaceAll(/[^A-Za-z0-9]/g, '');

/** Named after the codes that are this route's own; after the status too where every route may be refused with it. */
function responseName(status: string, codes: readonly string[], usual: ReadonlySet<string>): string {
  const own = codes.filter((code) => !usual.has(code)).map(pascalCase);
  const isUsual = own.length < codes.length;
  return [...(isUsual ? [statusName(status)] : []), ...own].join('Or');
}

/** Replaces refusals by references to `components.responses`. */
function shareResponses(document: JsonObject, responses: JsonObject, usual: ReadonlySet<string>): void {
  const paths = document.paths as JsonObject;
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods as JsonObject))) {
    const answers = (operation as JsonObject).responses as JsonObject;
    for (const [status, answer] of Object.entries(answers)) {
      const codes = isObject(answer) ? codesOf(answer) : [];
      if (codes.length === 0) continue;
      const name = responseName(status, codes, usual);
      responses[name] ??= answer;
      if (keyOf(responses[name]) !== keyOf(answer)) throw new Error(`Two refusals would both be called ${name}.`);
      answers[status] = reference('responses', name);
    }
  }
}

const sorted = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));

const CODE = /^`([A-Z_]+)`: /gm;

/** The description of a refusal: each code with its sentence, separated by an empty line. */
export const describeCodes = (codes: readonly ErrorCode[]): string =>
  codes.map((code) => `\`${code}\`: ${ERRORS[code].sentence}`).join('\n\n');

/** The codes of such a description; none of any other. */
const codesOf = ({ description }: JsonObject): string[] =>
  typeof description === 'string' ? [...description.matchAll(CODE)].map(([, code]) => code!) : [];

/**
 * The same document with `components.schemas` and `components.responses`, and references to them.
 *
 * @param options.schemas those with a name
 * @param options.usualCodes codes that every route may answer
 */
export function nameComponents<Document extends object>(
  document: Document,
  { schemas: named, usualCodes }: { schemas: Readonly<Record<string, object>>; usualCodes: readonly string[] },
): Document {
  const json = JSON.parse(JSON.stringify(document)) as JsonObject;
  const components = json.components as JsonObject;
  const schemas: JsonObject = {};
  const replace = createNaming(namesByKey(named), schemas);
  for (const [name, body] of Object.entries((components.schemas ?? {}) as JsonObject)) schemas[name] ??= body;
  const described = {
    ...json,
    paths: replace(json.paths!),
    ...(json.webhooks && { webhooks: replace(json.webhooks) }),
  };
  const responses: JsonObject = {};
  shareResponses(described, responses, new Set(usualCodes));
  return {
    ...described,
    components: { ...components, schemas: sorted(schemas), responses: sorted(responses) },
  } as unknown as Document;
}
