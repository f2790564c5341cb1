/** The operations of the description of the API, as the generators of all clients need them. */
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Parameter
 * @property {string} name
 * @property {boolean} isRequired
 * @property {Record<string, any>} schema
 * @property {string} description
 *
 * @typedef {object} Operation
 * @property {string} id `messages.send`
 * @property {string} namespace `messages`
 * @property {string} name `send`
 * @property {string} method in capitals
 * @property {string} path with `{id}`
 * @property {readonly Parameter[]} path_ parameters of the path, in its order
 * @property {readonly Parameter[]} query
 * @property {{ type: string, isRequired: boolean, schema: Record<string, any> } | undefined} body
 * @property {boolean} takesKey whether an `Idempotency-Key` makes it safe to repeat
 * @property {'data' | 'json' | 'response' | 'nothing'} answer the `data` of the envelope, the JSON as it is, the
 *   response unread (files and exports), or nothing
 * @property {Record<string, any> | undefined} result schema of what is answered
 * @property {{ items: string, by: 'page' | 'cursor' | 'after' } | undefined} paging
 * @property {string} summary
 * @property {string} description
 *
 * @typedef {Record<string, any>} Document
 */

/** @returns {Document} */
export const readDocument = () =>
  JSON.parse(readFileSync(new URL('../../../../apps/gateway/openapi.json', import.meta.url), 'utf8'));

/**
 * What a reference stands for.
 * @param {Document} document
 * @param {Record<string, any>} node
 * @returns {Record<string, any>}
 */
export function resolve(document, node) {
  if (typeof node?.$ref !== 'string') return node;
  const found = node.$ref
    .slice(2)
    .split('/')
    .reduce((/** @type {any} */ at, /** @type {string} */ key) => at?.[key], document);
  return resolve(document, found);
}

/**
 * All operations that a client calls by its methods. Left out: what only workers call, streams (clients read them in
 * a way of their own), and the parts of an upload, which need headers.
 * @param {Document} document
 * @returns {readonly Operation[]}
 */
export function operationsOf(document) {
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, raw]) => {
      const operation = readOperation(document, path, method, raw);
      return operation ? [operation] : [];
    }),
  );
  return found.sort((one, other) => (one.id < other.id ? -1 : 1));
}

/**
 * @param {Document} document
 * @param {string} path
 * @param {string} method
 * @param {any} raw
 * @returns {Operation | undefined}
 */
function readOperation(document, path, method, raw) {
  const parameters = (raw.parameters ?? []).map((/** @type {any} */ one) => resolve(document, one));
  const of = (/** @type {string} */ place) =>
    parameters
      .filter((/** @type {any} */ one) => one.in === place)
      .map((/** @type {any} */ { name, required, schema, description = '' }) => ({
        name,
        isRequired: required === true,
        schema: schema ?? {},
        description,
      }));
  const headers = of('header');
  const answers = Object.entries(raw.responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, answer]) => resolve(document, answer).content ?? {});
  const isForWorkers = (raw.security ?? []).some((/** @type {object} */ one) => 'workerToken' in one);
  const isStream = answers.some((content) => 'text/event-stream' in content);
  const isPartOfUpload = path.startsWith('/api/media/uploads');
  if (isForWorkers || isStream || isPartOfUpload || answers.length === 0) return undefined;

  const [namespace = '', name = ''] = raw.operationId.split('.');
  const given = of('path');
  const order = [...path.matchAll(/\{(\w+)\}/g)].map(([, one]) => one);
  return {
    id: raw.operationId,
    namespace,
    name,
    method: method.toUpperCase(),
    path,
    path_: order.map((one) => given.find((/** @type {Parameter} */ parameter) => parameter.name === one)),
    query: of('query').sort(
      (/** @type {Parameter} */ one, /** @type {Parameter} */ other) =>
        Number(other.isRequired) - Number(one.isRequired),
    ),
    body: readBody(raw.requestBody),
    takesKey: headers.some((/** @type {Parameter} */ one) => one.name.toLowerCase() === 'idempotency-key'),
    ...readAnswer(document, answers[0] ?? {}),
    summary: raw.summary ?? '',
    description: raw.description ?? '',
  };
}

/** @param {any} body */
function readBody(body) {
  if (!body) return undefined;
  const type = 'application/json' in body.content ? 'application/json' : Object.keys(body.content)[0];
  if (type === undefined) return undefined;
  return { type, isRequired: body.required === true, schema: body.content[type].schema };
}

/**
 * @param {Document} document
 * @param {Record<string, any>} content
 * @returns {Pick<Operation, 'answer' | 'result' | 'paging'>}
 */
function readAnswer(document, content) {
  const json = content['application/json'];
  if (!json) {
    const answer = Object.keys(content).length === 0 ? 'nothing' : 'response';
    return { answer, result: undefined, paging: undefined };
  }
  const envelope = resolve(document, json.schema);
  const data = envelope.properties?.data;
  if (!data) return { answer: 'json', result: json.schema, paging: undefined };
  return { answer: 'data', result: data, paging: readPaging(document, resolve(document, data)) };
}

/**
 * @param {Document} document
 * @param {Record<string, any>} data
 * @returns {Operation['paging']}
 */
function readPaging(document, data) {
  const properties = Object.entries(data.properties ?? {});
  const lists = properties
    .filter(([, one]) => {
      const { type, items } = resolve(document, one);
      return type === 'array' && resolve(document, items ?? {}).type === 'object';
    })
    .map(([name]) => name);
  const [items] = lists;
  if (items === undefined || lists.length > 1) return undefined;
  const { pagination, cursor } = data.properties;
  if (cursor && data.properties.hasMore) return { items, by: 'after' };
  if (!pagination) return undefined;
  return { items, by: resolve(document, pagination).properties?.nextCursor ? 'cursor' : 'page' };
}

/**
 * Groups by namespace, in order.
 * @param {readonly Operation[]} operations
 * @returns {Map<string, Operation[]>}
 */
export function byNamespace(operations) {
  const groups = new Map();
  for (const one of operations) groups.set(one.namespace, [...(groups.get(one.namespace) ?? []), one]);
  return groups;
}
