import { request } from 'undici';

/** JSON Schema 2020-12, the members that this folder uses. */
export interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  examples?: unknown[];
  default?: unknown;
}

export type Place = 'path' | 'query' | 'header' | 'cookie';

export interface Parameter {
  name: string;
  in: Place;
  required: boolean;
  schema: Schema;
}

/** Schema of each media type of an answer; `undefined` where the media type has none. */
export type AnswerContent = ReadonlyMap<string, Schema | undefined>;

/** One route and method. */
export interface Operation {
  /** Its name in tables and reports, such as `POST /api/sessions`. */
  id: string;
  method: string;
  /** With its parameters in braces. */
  path: string;
  parameters: Parameter[];
  body: Schema | undefined;
  /** The example of the body that the document shows. */
  bodyExample: unknown;
  /** Declared answers by status. */
  answers: ReadonlyMap<string, AnswerContent>;
  /** Whether its answer is a stream that the client ends. */
  streams: boolean;
}

export interface ApiDocument {
  operations: Operation[];
  /** The schema of every refusal. */
  error: Schema;
}

interface RawOperation {
  parameters?: { name: string; in: Place; required?: boolean; schema?: Schema }[];
  requestBody?: { content?: Record<string, { schema?: Schema; example?: unknown }> };
  responses?: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

interface RawDocument {
  paths: Record<string, Record<string, RawOperation>>;
  components: { schemas: Record<string, Schema> };
}

/** Loads the description of a running gateway, with all references resolved. */
export async function loadDocument(gatewayUrl: string): Promise<ApiDocument> {
  const { body, statusCode } = await request(new URL('/docs/json', gatewayUrl));
  const raw = (await body.json()) as RawDocument;
  if (statusCode !== 200) throw new Error(`/docs/json answered ${statusCode}`);
  return readDocument(raw);
}

export function readDocument(raw: RawDocument): ApiDocument {
  const document = resolveReferences(raw, raw) as RawDocument;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => readOperation(method.toUpperCase(), path, operation)),
  );
  const error = document.components.schemas.Error;
  if (!error) throw new Error('The document has no schema `Error`');
  return { operations, error };
}

function readOperation(method: string, path: string, raw: RawOperation): Operation {
  const content = raw.requestBody?.content?.['application/json'];
  const answers = new Map<string, AnswerContent>(
    Object.entries(raw.responses ?? {}).map(([status, answer]) => [
      status,
      new Map(Object.entries(answer.content ?? {}).map(([type, { schema }]) => [type, schema])),
    ]),
  );
  return {
    id: `${method} ${path}`,
    method,
    path,
    parameters: (raw.parameters ?? []).map((parameter) => ({
      name: parameter.name,
      in: parameter.in,
      required: parameter.required ?? false,
      schema: parameter.schema ?? {},
    })),
    body: content?.schema,
    bodyExample: content?.example ?? content?.schema?.examples?.[0],
    answers,
    streams: [...answers.values()].some((types) => types.has('text/event-stream')),
  };
}

/** The members of a schema, of all its alternatives. */
export function membersOf(schema: Schema | undefined): Record<string, Schema> {
  const alternatives = [...(schema?.oneOf ?? []), ...(schema?.anyOf ?? [])].map(membersOf);
  return Object.assign({}, schema?.properties, ...alternatives) as Record<string, Schema>;
}

/** Returns a copy without `$ref`. The document has no recursive schema; one would fail here with a message. */
function resolveReferences(node: unknown, root: unknown, depth = 0): unknown {
  if (depth > 60) throw new Error('A schema of the document contains itself');
  if (Array.isArray(node)) return node.map((item) => resolveReferences(item, root, depth + 1));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref, $id, ...rest } = node as { $ref?: unknown; $id?: unknown };
  if (typeof $ref === 'string') return resolveReferences(lookUp(root, $ref), root, depth + 1);
  const kept = typeof $id === 'object' ? { ...rest, $id } : rest;
  return Object.fromEntries(
    Object.entries(kept).map(([key, value]) => [key, resolveReferences(value, root, depth + 1)]),
  );
}

function lookUp(root: unknown, reference: string): unknown {
  const steps = reference.replace(/^#\//, '').split('/');
  return steps.reduce<unknown>((at, step) => {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    const next = (at as Record<string, unknown> | undefined)?.[key];
    if (next === undefined) throw new Error(`The document refers to ${reference}, which is not in it`);
    return next;
  }, root);
}
