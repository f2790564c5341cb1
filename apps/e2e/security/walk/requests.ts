import fc from 'fast-check';
import { valuesOf } from '../fuzz/values.ts';
import type { Operation } from '../openapi/document.ts';
import type { IdParameter } from '../world/resource-kinds.ts';

export interface WalkRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  json: unknown;
}

/** Operations whose body is bytes, with their type. */
const BYTES: Readonly<Record<string, string>> = {
  'PATCH /api/media/uploads/{id}': 'application/offset+octet-stream',
  'POST /api/broadcast/{id}/recipients/import': 'text/csv',
};

/** Members that a body needs for more than its schema says: a time that is ahead, whenever this runs. */
const MORE: Readonly<Record<string, () => Record<string, unknown>>> = {
  'POST /api/messages/schedule': () => ({ scheduledAt: new Date(Date.now() + 3_600_000).toISOString() }),
};

/** Builds a valid request, so that the answer depends on the ids alone. */
export function requestFor(
  operation: Operation,
  parameters: readonly IdParameter[],
  idOf: (parameter: IdParameter) => string,
  bodyIds: Record<string, unknown> = {},
): WalkRequest {
  const ids = new Map(parameters.map((parameter) => [`${parameter.in} ${parameter.name}`, idOf(parameter)]));
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(ids.get(`path ${name}`)!),
  );
  const query = new URLSearchParams();
  const bytes = BYTES[operation.id];
  const headers: Record<string, string> = bytes === undefined ? {} : { 'content-type': bytes };
  for (const parameter of operation.parameters) {
    const id = ids.get(`${parameter.in} ${parameter.name}`);
    const value = id ?? (parameter.required ? sampleOf(parameter.schema) : undefined);
    if (value === undefined) continue;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (parameter.in === 'query') query.set(parameter.name, text);
    if (parameter.in === 'header') headers[parameter.name] = text;
  }
  return {
    method: operation.method,
    path: query.size === 0 ? path : `${path}?${query.toString()}`,
    headers,
    json: bodyOf(operation, bodyIds),
  };
}

function bodyOf(operation: Operation, bodyIds: Record<string, unknown>): unknown {
  if (!operation.body) return undefined;
  const body = operation.bodyExample ?? sampleOf(operation.body);
  return typeof body === 'object' && body !== null ? { ...body, ...MORE[operation.id]?.(), ...bodyIds } : body;
}

/** Always the same value, so that two requests differ only in their ids. */
const sampleOf = (schema: Operation['body']): unknown => fc.sample(valuesOf(schema!), { seed: 7, numRuns: 1 })[0];
