import { NOT_BLANK } from '@wa-gate/contracts';
import { ApiError } from '../http/api-error.ts';
import { nameHere } from './foreign-names.ts';

/** One thing that is wrong with a request. */
export interface Issue {
  /** Where, such as `body.webhook.url`. */
  path: string;
  message: string;
}

interface RawIssue {
  keyword?: string;
  /** The path of the failing part of the schema, such as `#/properties/role`. */
  schemaPath?: string;
  instancePath?: string;
  message?: string;
  params?: Record<string, unknown>;
}

const MAX_ISSUES = 10;
const IN_SENTENCE = 3;

const names = (value: unknown): string => (Array.isArray(value) ? value.map((name) => `\`${name}\``).join(', ') : '');

/** Words that are taken in both cases are shown once. */
const words = (values: readonly unknown[]): unknown[] =>
  values.filter((value, index) => typeof value !== 'string' || values.findIndex(isSameWord(value)) === index);
const isSameWord = (word: string) => (other: unknown) =>
  typeof other === 'string' && other.toLowerCase() === word.toLowerCase();

/** A pattern that is nothing but a list of words. */
const WORDS = /^\^\(\?:([\w|-]+)\)\$$/;
const FORMATS: Record<string, string> = {
  'date-time': 'a time such as `2026-01-15T10:30:00Z`',
  email: 'an e-mail address',
  uri: 'a URL',
  uuid: 'a UUID',
};

const within = (node: unknown, part: string): unknown => (node as Record<string, unknown> | undefined)?.[part];
/** The steps of a path such as `#/properties/role`. */
const stepsOf = (path = ''): string[] => path.split('/').slice(1);

const isText = (value: unknown): value is string => typeof value === 'string';
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** An example of what belongs there, where the schema has one of that type. */
function exampleAt<T>(schema: unknown, path: string | undefined, isWanted: (value: unknown) => value is T) {
  const parts = stepsOf(path);
  // A member that may also be null has its example beside the choice.
  for (const steps of [parts, parts.slice(0, -2)]) {
    const [example] = (within(steps.reduce(within, schema), 'examples') as unknown[] | undefined) ?? [];
    if (isWanted(example)) return example;
  }
  return undefined;
}

/** The fields that are unknown, each with the one that is meant where that can be told. */
function explainUnknown(unknown: unknown, schema: unknown, path: string | undefined): string {
  const known = Object.keys((within(stepsOf(path).reduce(within, schema), 'properties') as object | undefined) ?? {});
  const told = ((unknown ?? []) as string[]).map((name) => {
    const here = nameHere(name, known);
    return here === undefined ? `\`${name}\`` : `\`${name}\` (here \`${here}\`)`;
  });
  return `does not know ${told.join(', ')}`;
}

function explainPattern(pattern: unknown, example: string | undefined): string {
  if (pattern === NOT_BLANK) return 'must not be blank: write at least one character that is seen';
  const list = WORDS.exec(String(pattern))?.[1];
  if (list !== undefined) return `must be one of ${names(words(list.split('|')))}`;
  const form = `must match the pattern ${String(pattern)}`;
  return example === undefined ? form : `${form}, such as \`${example}\``;
}

function explain({ keyword, schemaPath, message = 'is not valid', params = {} }: RawIssue, schema: unknown): string {
  switch (keyword) {
    case 'required':
      return `needs ${names(params.requiredProperties)}`;
    case 'additionalProperties':
      return explainUnknown(params.additionalProperties, schema, schemaPath);
    case 'enum':
      return `must be one of ${names(words(params.allowedValues as unknown[]))}`;
    case 'pattern':
      return explainPattern(params.pattern, exampleAt(schema, schemaPath, isText));
    case 'type': {
      const example = params.type === 'object' ? exampleAt(schema, schemaPath, isObject) : undefined;
      return example === undefined ? message : `${message}, such as \`${JSON.stringify(example)}\``;
    }
    case 'format':
      return FORMATS[String(params.format)] ? `must be ${FORMATS[String(params.format)]}` : message;
    default:
      return message;
  }
}

/**
 * Of a choice, every branch says why it was not taken, and at last the choice that none was: only what helps is left.
 * `additionalProperties` comes with one `boolean` for each property; the first says it all.
 */
function telling(found: readonly RawIssue[]): RawIssue[] {
  const others = found.filter(({ keyword }) => keyword !== 'boolean');
  const helpful = others.filter(
    ({ keyword, params }) => keyword !== 'anyOf' && !(keyword === 'type' && params?.type === 'null'),
  );
  const places = new Set(helpful.map(({ instancePath }) => instancePath));
  return others.filter((issue) => helpful.includes(issue) || !places.has(issue.instancePath));
}

/** The validator's findings in our words. */
export function readIssues(found: readonly RawIssue[], context: string, schema?: unknown): Issue[] {
  return telling(found)
    .slice(0, MAX_ISSUES)
    .map((issue) => ({
      path: `${context}${(issue.instancePath ?? '').replaceAll('/', '.')}`,
      message: explain(issue, schema),
    }));
}

/** The sentence for people. */
export function summarise(issues: readonly Issue[]): string {
  const shown = issues.slice(0, IN_SENTENCE).map(({ path, message }) => `${path} ${message}`);
  return `The request is not valid: ${shown.join('; ')}.`;
}

/** The refusal for what a validator has found. `schema` gives the examples. */
export function invalidRequest(found: readonly RawIssue[], context: string, schema?: unknown): ApiError {
  const issues = readIssues(found, context, schema);
  return new ApiError('VALIDATION', { message: summarise(issues), details: { issues } });
}
