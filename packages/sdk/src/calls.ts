import { unexpectedAnswer } from './errors.ts';
import { type Api, OPERATIONS } from './generated/operations.ts';
import type { CallOptions, OperationEntry, OperationId, OperationTable } from './operation.ts';
import { itemsOfAllPages } from './pages.ts';
import { readOperation } from './read-operation.ts';
import { addressOf, newIdempotencyKey, type Transport } from './transport.ts';

/** How an operation is called. */
export function entryOf(id: OperationId): OperationEntry {
  const [group = '', name = ''] = id.split('.');
  return readOperation((OPERATIONS as OperationTable)[group]?.[name] ?? '');
}

/** The methods of all operations, by the two words of their ids. */
export function createApi(transport: Transport): Api {
  const groups = Object.entries(OPERATIONS).map(([group, lines]) => {
    const methods = Object.entries(lines).map(([name, line]) => [name, methodOf(transport, line)]);
    return [group, Object.fromEntries(methods)];
  });
  return Object.fromEntries(groups) as Api;
}

function methodOf(transport: Transport, line: string) {
  // A client has hundreds of operations, and a program calls a few of them.
  let known: OperationEntry | undefined;
  const call = (input: Record<string, unknown> = {}, options?: CallOptions) => {
    known ??= readOperation(line);
    return run(transport, known, input, options);
  };
  if (!line.includes(' list=')) return call;
  return Object.assign(call, {
    all: (input: Record<string, unknown> = {}, options?: CallOptions) =>
      itemsOfAllPages(
        readOperation(line).paging as NonNullable<OperationEntry['paging']>,
        input,
        (page) => call(page, options) as Promise<Record<string, unknown>>,
      ),
  });
}

async function run(
  transport: Transport,
  entry: OperationEntry,
  input: Record<string, unknown>,
  options?: CallOptions,
): Promise<unknown> {
  const headers = entry.answer === 'response' ? { accept: '*/*' } : {};
  const response = await respond(transport, entry, input, options, headers);
  if (entry.answer === 'response') return response;
  if (entry.answer === 'nothing') return undefined;
  const json = await jsonOf(response);
  return entry.answer === 'json' ? json : json.data;
}

/** The JSON of an answer. A proxy may answer with a page of its own, and with status 200. */
async function jsonOf(response: Response): Promise<{ data: unknown }> {
  const text = await response.text();
  try {
    return JSON.parse(text) as { data: unknown };
  } catch {
    throw unexpectedAnswer(response, text);
  }
}

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const isSentAsItIs = (body: unknown): body is FormData | Blob | string =>
  body instanceof FormData || body instanceof Blob || typeof body === 'string';

/** Calls an operation. Resolves with the answer, unread. */
export function respond(
  transport: Transport,
  entry: OperationEntry,
  input: Record<string, unknown>,
  options: CallOptions = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  const { body } = input;
  const key = entry.takesKey ? (options.idempotencyKey ?? newIdempotencyKey()) : undefined;
  const call = {
    method: entry.method,
    path: addressOf(entry, input),
    headers: {
      ...headers,
      // A form names its own boundary.
      ...(body !== undefined && !(body instanceof FormData) && { 'content-type': entry.type ?? 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    body: body === undefined || isSentAsItIs(body) ? body : JSON.stringify(body),
    isRepeatable: key !== undefined || REPEATABLE.has(entry.method),
  };
  return transport.call(call, options);
}

/** What a call takes that no operation describes. */
export interface RequestInput {
  /** Sent as JSON, but for a form, a file or a text. */
  body?: unknown;
  /** Parameters of the query. */
  query?: Record<string, string | number | boolean | null | undefined>;
}

/** Calls a path of the API. Resolves with the `data` of the answer. */
export async function request(
  transport: Transport,
  method: string,
  path: string,
  { body, query = {} }: RequestInput,
  options?: CallOptions,
): Promise<unknown> {
  const response = await respond(transport, { method, path }, { ...query, body }, options);
  return response.status === 204 ? undefined : (await jsonOf(response)).data;
}
