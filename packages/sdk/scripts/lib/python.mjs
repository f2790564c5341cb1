/** The parts of the Python client that are made from the description of the API. */
import { byNamespace, operationsOf } from './operations.mjs';

const HEADER = '# Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.\n';
const KEYWORDS = new Set(
  'and as assert async await break class continue def del elif else except finally for from global if import in is lambda None nonlocal not or pass raise return True False try while with yield'.split(
    ' ',
  ),
);

/** `timeoutMs` as `timeout_ms`. @param {string} name */
const snake = (name) => {
  const text = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return KEYWORDS.has(text) ? `${text}_` : text;
};
/** @param {string} name */
const className = (name) => name[0]?.toUpperCase() + name.slice(1);
/** @param {unknown} value */
const literal = (value) => (typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value));

/**
 * The type of a value, as an annotation.
 * @param {any} schema
 * @param {string} prefix of named types
 * @returns {string}
 */
function annotation(schema, prefix = '') {
  if (!schema) return 'Any';
  if (typeof schema.$ref === 'string') return prefix + schema.$ref.split('/').at(-1);
  if ('const' in schema) return `Literal[${literal(schema.const)}]`;
  const isNullable = Array.isArray(schema.type) && schema.type.includes('null');
  if (Array.isArray(schema.enum)) {
    const values = schema.enum.filter((/** @type {unknown} */ one) => one !== null).map(literal);
    return orNone(`Literal[${values.join(', ')}]`, isNullable || schema.enum.includes(null));
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return union(choices.map((/** @type {any} */ one) => annotation(one, prefix)));
  if (Array.isArray(schema.type)) {
    return union(schema.type.map((/** @type {string} */ type) => annotation({ ...schema, type }, prefix)));
  }
  if (schema.type === 'array') return `List[${annotation(schema.items, prefix)}]`;
  return SIMPLE[/** @type {keyof typeof SIMPLE} */ (schema.type)] ?? 'Any';
}
const SIMPLE = {
  string: 'str',
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  null: 'None',
  object: 'Dict[str, Any]',
};

/** @param {readonly string[]} types */
function union(types) {
  const different = [...new Set(types)];
  if (different.includes('Any')) return 'Any';
  return different.length === 1 ? /** @type {string} */ (different[0]) : `Union[${different.join(', ')}]`;
}
/** @param {string} type @param {boolean} isNullable */
const orNone = (type, isNullable) => (isNullable ? `Optional[${type}]` : type);

/**
 * The named schemas. Only type checkers read this file: it may use what an old Python lacks.
 * @param {import('./operations.mjs').Document} document
 */
export function renderPythonTypes(document) {
  const names = Object.keys(document.components.schemas).sort();
  const classes = names.map((name) => renderType(name, document.components.schemas[name]));
  return [
    HEADER,
    '"""Types of the API, for type checkers and editors (Python 3.11 and later)."""',
    'from __future__ import annotations',
    '',
    'from typing import Any, Dict, List, Literal, NotRequired, Optional, TypedDict, Union',
    '',
    ...classes,
  ].join('\n');
}

/** @param {string} name @param {any} schema */
function renderType(name, schema) {
  const properties = Object.entries(schema.properties ?? {});
  if (schema.type !== 'object' || properties.length === 0) return `${name} = ${quoted(annotation(schema))}\n`;
  const required = new Set(schema.required ?? []);
  const typeOf = (/** @type {[string, unknown]} */ [key, one]) =>
    required.has(key) ? annotation(one) : `NotRequired[${annotation(one)}]`;
  const isPlain = properties.every(([key]) => /^[A-Za-z_]\w*$/.test(key) && !KEYWORDS.has(key));
  if (!isPlain) {
    const fields = properties.map((entry) => `    ${literal(entry[0])}: ${JSON.stringify(typeOf(entry))},`);
    return [`${name} = TypedDict(${literal(name)}, {`, ...fields, '})', ''].join('\n');
  }
  return [`class ${name}(TypedDict):`, ...properties.map((entry) => `    ${entry[0]}: ${typeOf(entry)}`), ''].join(
    '\n',
  );
}

/** Names of types that come later in the file stand in quotes where they are evaluated. @param {string} type */
const quoted = (type) =>
  /^[\w.]+$/.test(type)
    ? literal(type)
    : type.replaceAll(/\b[A-Z]\w+(?=[,\]])/g, (name) => (BUILT_IN.has(name) ? name : literal(name)));
const BUILT_IN = new Set(['Any', 'None', 'Dict', 'List', 'Literal', 'Optional', 'Union']);

/**
 * A class for each namespace with a method for each operation.
 * @param {import('./operations.mjs').Document} document
 */
export function renderPythonOperations(document) {
  const groups = [...byNamespace(operationsOf(document))];
  return [
    HEADER,
    'from __future__ import annotations',
    '',
    'from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Literal, Optional, Union',
    '',
    'from ._transport import Namespace, Response, Transport',
    '',
    'if TYPE_CHECKING:',
    '    from . import types as t',
    '',
    ...groups.flatMap(([namespace, operations]) => [
      '',
      `class ${className(namespace)}(Namespace):`,
      ...operations.flatMap((operation) => [...renderMethod(operation), ...renderIterator(document, operation)]),
    ]),
    '',
    'class Api:',
    '    """A member for each group of operations."""',
    '',
    '    def __init__(self, transport: Transport) -> None:',
    ...groups.map(([namespace]) => `        self.${snake(namespace)} = ${className(namespace)}(transport)`),
    '',
  ].join('\n');
}

/** @param {import('./operations.mjs').Operation} operation */
function signature({ path_, query, body, takesKey }) {
  const type = (/** @type {any} */ schema) => annotation(schema, 't.');
  const bodyType = body && (body.type === 'application/json' ? type(body.schema) : 'Union[str, bytes]');
  const optional = (/** @type {string} */ name, /** @type {string} */ of) => `${name}: Optional[${of}] = None`;
  return {
    positional: [
      'self',
      ...path_.map((one) => `${snake(one.name)}: str`),
      ...(body ? [body.isRequired ? `body: ${bodyType}` : optional('body', /** @type {string} */ (bodyType))] : []),
    ],
    named: [
      ...query.map((one) =>
        one.isRequired ? `${snake(one.name)}: ${type(one.schema)}` : optional(snake(one.name), type(one.schema)),
      ),
      ...(takesKey ? [optional('idempotency_key', 'str')] : []),
    ],
  };
}

/** @param {import('./operations.mjs').Operation} operation */
function resultOf({ answer, result }) {
  if (answer === 'response') return 'Response';
  return answer === 'nothing' ? 'None' : annotation(result, 't.');
}

/** @param {import('./operations.mjs').Operation} operation @param {readonly string[]} query */
function callArguments({ method, path, path_, body, takesKey, answer }, query) {
  const path2 = path_.map(({ name }) => `${literal(name)}: ${snake(name)}`);
  return [
    literal(method),
    literal(path),
    ...(path2.length > 0 ? [`path={${path2.join(', ')}}`] : []),
    ...(query.length > 0 ? [`query={${query.join(', ')}}`] : []),
    ...(body ? ['body=body'] : []),
    ...(body && body.type !== 'application/json' ? [`content_type=${literal(body.type)}`] : []),
    ...(takesKey ? ['takes_key=True', 'idempotency_key=idempotency_key'] : []),
    ...(answer === 'data' ? [] : [`answer=${literal(answer)}`]),
  ].join(', ');
}

/** @param {import('./operations.mjs').Operation} operation */
function renderMethod(operation) {
  const { positional, named } = signature(operation);
  const given = [...positional, ...(named.length > 0 ? ['*', ...named] : [])].join(', ');
  const query = operation.query.map(({ name }) => `${literal(name)}: ${snake(name)}`);
  return [
    `    def ${snake(operation.name)}(${given}) -> ${resultOf(operation)}:`,
    `        """${docstring(operation)}"""`,
    `        return self._call(${callArguments(operation, query)})`,
    '',
  ];
}

/** @param {import('./operations.mjs').Document} _document @param {import('./operations.mjs').Operation} operation */
function renderIterator(_document, operation) {
  const { paging } = operation;
  if (!paging) return [];
  const position = paging.by === 'after' ? 'wait' : paging.by;
  const query = operation.query.filter(({ name }) => name !== position);
  const { positional, named } = signature({ ...operation, query });
  const given = [...positional, ...(named.length > 0 ? ['*', ...named] : [])].join(', ');
  const values = query.map(({ name }) => `${literal(name)}: ${snake(name)}`);
  return [
    `    def iter_${snake(operation.name)}(${given}) -> Iterator[Dict[str, Any]]:`,
    `        """The items of all pages of \`\`${snake(operation.name)}\`\`, one after the other."""`,
    `        return self._pages(${literal(paging.items)}, ${literal(paging.by)}, ${callArguments(operation, values)})`,
    '',
  ];
}

/** @param {import('./operations.mjs').Operation} operation */
function docstring({ summary, method, path }) {
  const sentence = /[.!?]$/.test(summary) ? summary : `${summary}.`;
  return `${sentence} \`\`${method} ${path}\`\``.replaceAll('\\', '\\\\').replaceAll('"""', "'''");
}
