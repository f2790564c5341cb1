import type { FastifyRequest, FastifySchema } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { ApiError } from '../http/api-error.ts';
import type { Issue } from './validation-issues.ts';

/** A key in the URL is no parameter of a route: where it is accepted, the guards decide. */
const KEY = 'apiKey';
/** Unknown ones that are named, and characters of each. */
const MAX_NAMED = 10;
const MAX_NAME = 64;
const NONE: ReadonlySet<string> = new Set();

const quoted = (names: Iterable<string>): string => [...names].map((name) => `\`${name}\``).join(', ');

/** Of the schemas of routes that requests with a query have come to. */
const parameters = new WeakMap<FastifySchema, ReadonlySet<string> | undefined>();

/**
 * Those of a documented route. `undefined`: any are accepted. Probes have no refusals: a monitor that adds a parameter
 * against caches must not take a process for unhealthy.
 */
function parametersOf(schema: FastifySchema): ReadonlySet<string> | undefined {
  const { response } = schema as { response?: Record<string, unknown> };
  if (schema.hide || !response?.['400']) return undefined;
  if (schema.querystring === undefined) return NONE;
  const { properties } = schema.querystring as { properties?: Record<string, unknown> };
  return properties && new Set(Object.keys(properties));
}

function knownTo(schema: FastifySchema | undefined): ReadonlySet<string> | undefined {
  if (!schema) return undefined;
  if (!parameters.has(schema)) parameters.set(schema, parametersOf(schema));
  return parameters.get(schema);
}

function refusalOf(unknown: readonly string[], known: ReadonlySet<string>): ApiError {
  const message =
    known.size === 0
      ? `does not know ${quoted(unknown)}: this route takes no query parameters`
      : `does not know ${quoted(unknown)}. The query parameters of this route are ${quoted(known)}`;
  const issue: Issue = { path: 'querystring', message };
  return new ApiError('VALIDATION', {
    message: `The request is not valid: ${issue.path} ${message}.`,
    details: { issues: [issue], queryParameters: [...known] },
  });
}

/** PostgreSQL stores no text with U+0000, so none is found by it. */
const hasNul = (value: unknown): boolean =>
  [value].flat().some((text) => typeof text === 'string' && text.includes('\0'));

function noText(name: string): ApiError {
  const issue: Issue = { path: `querystring.${name}`, message: 'must not contain the character U+0000' };
  return new ApiError('VALIDATION', {
    message: `The request is not valid: ${issue.path} ${issue.message}.`,
    details: { issues: [issue] },
  });
}

/**
 * Refuses query parameters that a route does not have, and text that PostgreSQL does not take. Without this a
 * misspelled filter would be ignored, and the answer would hold what the caller did not ask for.
 *
 * @param acceptsKey whether a key in the URL is accepted on this route
 */
export const queryParameters = fastifyPlugin<{ acceptsKey: (request: FastifyRequest) => boolean }>(
  async (app, { acceptsKey }) => {
    // After the guards: who may not call a route does not learn what it takes.
    app.addHook('preValidation', (request, _reply, done) => {
      const given = Object.keys((request.query as object | undefined) ?? {});
      const known = given.length === 0 ? undefined : knownTo(request.routeOptions.schema);
      if (!known) return done();
      const unknown = given.filter((name) => !known.has(name) && !(name === KEY && acceptsKey(request)));
      if (unknown.length === 0) {
        const spoilt = given.find((name) => hasNul((request.query as Record<string, unknown>)[name]));
        return spoilt === undefined ? done() : done(noText(spoilt));
      }
      const named = unknown.slice(0, MAX_NAMED).map((name) => name.slice(0, MAX_NAME));
      done(refusalOf(named, known));
    });
  },
  { name: 'query-parameters' },
);
