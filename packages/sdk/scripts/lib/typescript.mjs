/** The parts of the TypeScript client that are made from the description of the API. */
import openapiTS, { astToString } from 'openapi-typescript';
import { byNamespace, operationsOf } from './operations.mjs';

const HEADER = '// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate.mjs.\n';

/**
 * The types of everything that the API takes and gives.
 * @param {import('./operations.mjs').Document} document
 */
export async function renderSchema(document) {
  // What has a default may be left out of a request.
  return HEADER + astToString(await openapiTS(/** @type {any} */ (document), { defaultNonNullable: false }));
}

/**
 * The operations: how each is called, and the interface of the methods.
 * @param {import('./operations.mjs').Document} document
 */
export function renderOperations(document) {
  const operations = operationsOf(document);
  const methods = [...byNamespace(operations)].map(([namespace, group]) =>
    [`  ${namespace}: {`, ...group.flatMap(renderMethod), '  };'].join('\n'),
  );
  return [
    HEADER,
    "import type { Method, OperationTable, PagedMethod } from '../operation.ts';",
    '',
    '/** How each operation is called, by the two words of its id. */',
    'export const OPERATIONS = {',
    ...[...byNamespace(operations)].map(([namespace, group]) =>
      [`  ${namespace}: {`, ...group.map((one) => `    ${one.name}: '${lineOf(one)}',`), '  },'].join('\n'),
    ),
    '} as const satisfies OperationTable;',
    '',
    '/** A method for each operation of the API, under the two words of its id. */',
    'export interface Api {',
    ...methods,
    '}',
    '',
  ].join('\n');
}

/**
 * An operation in the one text that `readOperation` of `src/read-operation.ts` reads: method and path, then the rest.
 * @param {import('./operations.mjs').Operation} operation
 */
function lineOf({ method, path, body, takesKey, answer, paging }) {
  return [
    method,
    path,
    ...(body && body.type !== 'application/json' ? [`type=${body.type}`] : []),
    ...(takesKey ? ['key'] : []),
    ...(paging ? [`list=${paging.items}:${paging.by}`] : []),
    ...(answer === 'data' ? [] : [answer]),
  ].join(' ');
}

/** @param {import('./operations.mjs').Operation} operation */
function renderMethod(operation) {
  const { id, name, method, path, path_, query, body, paging } = operation;
  const needsInput = path_.length > 0 || query.some(({ isRequired }) => isRequired) || body?.isRequired === true;
  const kind = paging ? 'PagedMethod' : 'Method';
  return [
    `    /** ${comment(operation)} \`${method} ${path}\` */`,
    `    ${name}: ${kind}<'${id}', ${needsInput ? "'required'" : "'optional'"}>;`,
  ];
}

/** @param {import('./operations.mjs').Operation} operation */
function comment({ summary, description }) {
  const sentence = /[.!?]$/.test(summary) ? summary : `${summary}.`;
  return [sentence, description].filter(Boolean).join(' ').replaceAll('*/', '*\\/').replaceAll('\n', ' ');
}
