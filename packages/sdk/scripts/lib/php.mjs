/** The parts of the PHP client that are made from the description of the API. */
import { byNamespace, operationsOf } from './operations.mjs';

const HEADER =
  '<?php\n\n// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.\n\ndeclare(strict_types=1);\n';

/** @param {string} name */
const className = (name) => name[0]?.toUpperCase() + name.slice(1);
/** @param {unknown} value */
const quoted = (value) => `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/**
 * A file for each namespace, with a method for each operation, and one that has them all. Paths are below `src/Api`.
 * @param {import('./operations.mjs').Document} document
 * @returns {Map<string, string>}
 */
export function renderPhp(document) {
  const groups = [...byNamespace(operationsOf(document))];
  const files = groups.map(([namespace, operations]) => {
    const lines = [
      HEADER,
      'namespace WaGate\\Api;',
      '',
      'use WaGate\\Response;',
      '',
      `final class ${className(namespace)} extends OperationSet`,
      '{',
      ...operations.flatMap((operation) => [...renderMethod(operation), ...renderIterator(operation)]),
    ];
    while (lines.at(-1) === '') lines.pop();
    return /** @type {const} */ ([`${className(namespace)}.php`, [...lines, '}', ''].join('\n')]);
  });
  return new Map([...files, ['OperationSets.php', renderSets(groups.map(([namespace]) => namespace))]]);
}

/** @param {readonly string[]} namespaces */
function renderSets(namespaces) {
  return [
    HEADER,
    'namespace WaGate\\Api;',
    '',
    'use WaGate\\Transport;',
    '',
    '/** A member for each set of operations. */',
    'abstract class OperationSets',
    '{',
    ...namespaces.map((one) => `    public readonly ${className(one)} $${one};`),
    '',
    '    public function __construct(Transport $transport)',
    '    {',
    ...namespaces.map((one) => `        $this->${one} = new ${className(one)}($transport);`),
    '    }',
    '}',
    '',
  ].join('\n');
}

const TYPES = { string: 'string', integer: 'int', number: 'float', boolean: 'bool', array: 'array', object: 'array' };
/** @param {any} schema */
const typeOf = (schema) => {
  const type = Array.isArray(schema?.type) ? undefined : schema?.type;
  return TYPES[/** @type {keyof typeof TYPES} */ (type)] ?? 'mixed';
};

/**
 * @param {import('./operations.mjs').Operation} operation
 * @param {import('./operations.mjs').Operation['query']} query
 */
function parametersOf({ path_, body, takesKey }, query) {
  const bodyType = body?.type === 'application/json' ? 'array' : 'string';
  const optional = (/** @type {string} */ type) => (type === 'mixed' ? type : `?${type}`);
  return [
    ...path_.map(({ name }) => `string $${name}`),
    ...(body?.isRequired ? [`${bodyType} $body`] : []),
    ...query.filter(({ isRequired }) => isRequired).map(({ name, schema }) => `${typeOf(schema)} $${name}`),
    ...(body && !body.isRequired ? [`?${bodyType} $body = null`] : []),
    ...query
      .filter(({ isRequired }) => !isRequired)
      .map(({ name, schema }) => `${optional(typeOf(schema))} $${name} = null`),
    ...(takesKey ? ['?string $idempotencyKey = null'] : []),
  ].join(', ');
}

/**
 * @param {import('./operations.mjs').Operation} operation
 * @param {import('./operations.mjs').Operation['query']} query
 */
function callArguments({ method, path, path_, body, takesKey, answer }, query) {
  const pairs = (/** @type {readonly { name: string }[]} */ list) =>
    `[${list.map(({ name }) => `${quoted(name)} => $${name}`).join(', ')}]`;
  return [
    quoted(method),
    quoted(path),
    ...(path_.length > 0 ? [`path: ${pairs(path_)}`] : []),
    ...(query.length > 0 ? [`query: ${pairs(query)}`] : []),
    ...(body ? ['body: $body'] : []),
    ...(body && body.type !== 'application/json' ? [`contentType: ${quoted(body.type)}`] : []),
    ...(takesKey ? ['takesKey: true', 'idempotencyKey: $idempotencyKey'] : []),
    ...(answer === 'data' ? [] : [`answer: ${quoted(answer)}`]),
  ].join(', ');
}

/** @param {import('./operations.mjs').Operation} operation */
function resultOf({ answer, result }) {
  if (answer === 'response') return 'Response';
  if (answer === 'nothing') return 'null';
  return result?.type === 'array' || !result?.type || result.type === 'object' ? 'array' : 'mixed';
}

/** @param {import('./operations.mjs').Operation} operation */
function renderMethod(operation) {
  const { name, summary, method, path, query } = operation;
  const sentence = /[.!?]$/.test(summary) ? summary : `${summary}.`;
  const result = resultOf(operation);
  return [
    `    /** ${sentence} \`${method} ${path}\` */`,
    `    public function ${name}(${parametersOf(operation, query)}): ${result === 'null' ? 'void' : result}`,
    '    {',
    `        ${result === 'null' ? '' : 'return '}$this->call(${callArguments(operation, query)});`,
    '    }',
    '',
  ];
}

/** @param {import('./operations.mjs').Operation} operation */
function renderIterator(operation) {
  const { name, paging } = operation;
  if (!paging) return [];
  const position = paging.by === 'after' ? 'wait' : paging.by;
  const query = operation.query.filter((one) => one.name !== position);
  const given = callArguments(operation, query);
  return [
    `    /** The items of all pages of \`${name}\`, one after the other. @return \\Generator<int, array> */`,
    `    public function each${className(name)}(${parametersOf(operation, query)}): \\Generator`,
    '    {',
    `        return $this->pages(${quoted(paging.items)}, ${quoted(paging.by)}, ${given});`,
    '    }',
    '',
  ];
}
