import fc from 'fast-check';
import { createPrng, type Prng } from '../../chaos/prng.ts';
import type { Operation, Parameter } from '../openapi/document.ts';
import { idParametersOf, idsInBody } from '../world/resource-kinds.ts';
import { ACTOR_NAMES, type ActorName, type FuzzCase, pooledMark } from './cases.ts';
import { mutateCase } from './mutate-case.ts';
import { valuesOf } from './values.ts';

/** Of ten requests of an operation this many follow the document. */
const VALID_OF_TEN = 4;
/** Milliseconds for `wait`: the run is about answers, not about waiting. */
const WAIT_MS = 300;
const POOL_INDEXES = 1_000;
/** The share of ids in queries and headers that exist. */
const REAL_IDS = 0.7;

export interface PlanOptions {
  seed: number;
  requests: number;
}

interface Valid {
  query: Record<string, unknown>;
  headers: Record<string, unknown>;
  body: unknown;
}

/** All requests of a run, in their order. The same document, seed and number give the same plan. */
export function planCases(operations: readonly Operation[], { seed, requests }: PlanOptions): FuzzCase[] {
  const prng = createPrng(seed);
  const each = Math.ceil(requests / operations.length);
  const cases = operations.flatMap((operation, position) => {
    const valid = fc.sample(validRequests(operation), { seed: seed * 1_000 + position, numRuns: each });
    return valid.map((request) => caseOf(operation, request, prng));
  });
  return prng.shuffle(cases).map((planned, index) => ({ ...planned, index }));
}

function validRequests(operation: Operation): fc.Arbitrary<Valid> {
  const group = (place: Parameter['in']) => {
    const members = operation.parameters.filter(({ in: at, name }) => at === place && !MADE_UP.has(name));
    const values = Object.fromEntries(members.map(({ name, schema }) => [name, valuesOf(limitWait(name, schema))]));
    const required = members.filter((member) => member.required || member.name === 'timeoutMs').map(({ name }) => name);
    // Many filters at once contradict each other as a rule.
    const optional = Object.keys(values).filter((name) => !required.includes(name));
    const few = fc.subarray(optional, { maxLength: Math.min(1, optional.length) });
    const withFew = few.chain((chosen) =>
      fc.record(Object.fromEntries([...required, ...chosen].map((name) => [name, values[name]!]))),
    );
    return fc.oneof(fc.record(values, { requiredKeys: required }), withFew);
  };
  const body = operation.body ? valuesOf(operation.body) : fc.constant(undefined);
  const example = fc.constant(operation.bodyExample);
  return fc.record({
    query: group('query'),
    headers: group('header'),
    body: operation.bodyExample === undefined ? body : fc.oneof(body, body, example),
  }) as fc.Arbitrary<Valid>;
}

/** Parameters that begin where an earlier answer ended, or list names: made-up ones are refused, as mutations show. */
const MADE_UP: ReadonlySet<string> = new Set(['cursor', 'after', 'ticket', 'events']);

function limitWait(name: string, schema: Parameter['schema']): Parameter['schema'] {
  if (name === 'timeoutMs') return { type: 'integer', minimum: 0, maximum: WAIT_MS };
  return name === 'wait' && 'maximum' in schema ? { type: 'integer', minimum: 0, maximum: 1 } : schema;
}

function caseOf(operation: Operation, valid: Valid, prng: Prng): FuzzCase {
  const planned: FuzzCase = {
    index: 0,
    operation,
    actor: actorFor(operation, prng),
    method: operation.method,
    path: Object.fromEntries(
      idParametersOf(operation)
        .filter((parameter) => parameter.in === 'path')
        .map(({ name, kind }) => [name, pooledMark(kind, prng.between(0, POOL_INDEXES))]),
    ),
    wrongPath: [],
    query: Object.entries(valid.query).flatMap(([name, value]) =>
      [value].flat().map((item): [string, string] => [name, String(item)]),
    ),
    headers: Object.fromEntries(Object.entries(valid.headers).map(([name, value]) => [name, onWire(String(value))])),
    body: valid.body === undefined ? undefined : JSON.stringify(valid.body),
    contentType: valid.body === undefined ? undefined : 'application/json',
    mutations: [],
  };
  const withIds = withRealIds(planned, prng);
  return prng.between(1, 10) <= VALID_OF_TEN ? withIds : mutateCase(withIds, prng);
}

/** The names of parameters with a session, in queries, headers and bodies. */
const SESSION_NAMES = new Set(['sessionid', 'x-session-id']);

/** Inserts placeholders for ids outside of the path, most of them for existing ones. */
function withRealIds(planned: FuzzCase, prng: Prng): FuzzCase {
  // A request with several sessions is refused, so only one place names it.
  const places = [...new Set(idParametersOf(planned.operation).flatMap(({ in: at }) => (at === 'path' ? [] : [at])))];
  const place = prng.pick([...places, 'body']);
  const real = (at: string, name: string, value: string): string => {
    const known = idParametersOf(planned.operation).find((id) => id.in === at && id.name === name);
    return known && prng.next() < REAL_IDS ? pooledMark(known.kind, prng.between(0, POOL_INDEXES)) : value;
  };
  const isNamedElsewhere = (at: string, name: string) => at !== place && SESSION_NAMES.has(name.toLowerCase());
  const members = idsInBody(planned.operation).filter(
    ({ name }) => planned.body?.includes(`"${name}":`) && !isNamedElsewhere('body', name),
  );
  const ids = members.map(({ name, kind }) => [name, pooledMark(kind, prng.between(0, POOL_INDEXES))]);
  return {
    ...planned,
    query: planned.query
      .filter(([name]) => !isNamedElsewhere('query', name))
      .map(([name, value]) => [name, real('query', name, value)]),
    headers: Object.fromEntries(
      Object.entries(planned.headers)
        .filter(([name]) => !isNamedElsewhere('header', name))
        .map(([name, value]) => [name, real('header', name, value)]),
    ),
    ...(ids.length > 0 && { body: JSON.stringify({ ...JSON.parse(planned.body!), ...Object.fromEntries(ids) }) }),
  };
}

/** As UTF-8 bytes, as clients send them in a header; control characters are not possible there. */
const onWire = (value: string): string => Buffer.from(value.replaceAll(/\p{Cc}/gu, ''), 'utf8').toString('latin1');

/** Chooses mostly a permitted actor, so that requests pass the guards, and sometimes any other one. */
function actorFor({ path }: Operation, prng: Prng): ActorName {
  if (prng.next() < 0.3) return prng.pick(ACTOR_NAMES);
  if (/\/workers\/(register|\{\w+\}\/heartbeat)/.test(path)) return 'worker';
  if (path.startsWith('/api/admin')) return 'administrator';
  return prng.pick(['owner', 'owner', 'owner', 'owner key', 'session key', 'operator']);
}
