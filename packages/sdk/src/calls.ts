import { type Api, OPERATIONS } from './generated/operations.ts';
import type { CallOptions, OperationEntry } from './operation.ts';
import { itemsOfAllPages } from './pages.ts';
import { addressOf, newIdempotencyKey, type Transport } from './transport.ts';

/** The methods of all operations, by the two words of their ids. */
export function createApi(transport: Transport): Api {
  const api: Record<string, Record<string, unknown>> = {};
  for (const [id, entry] of Object.entries(OPERATIONS) as [string, OperationEntry][]) {
    const [namespace = '', name = ''] = id.split('.');
    api[namespace] ??= {};
    api[namespace][name] = methodOf(transport, entry);
  }
  return api as unknown as Api;
}

function methodOf(transport: Transport, entry: OperationEntry) {
  const { paging } = entry;
  const method = (input: Record<string, unknown> = {}, options?: CallOptions) => run(transport, entry, input, options);
  if (!paging) return method;
  return Object.assign(method, {
    all: (input: Record<string, unknown> = {}, options?: CallOptions) =>
      itemsOfAllPages(
        paging,
        input,
        (page) => run(transport, entry, page, options) as Promise<Record<string, unknown>>,
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
  const json = (await response.json()) as { data: unknown };
  return entry.answer === 'json' ? json : json.data;
}

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

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
    body: body === undefined || body instanceof FormData || typeof body === 'string' ? body : JSON.stringify(body),
    isRepeatable: key !== undefined || REPEATABLE.has(entry.method),
  };
  return transport.call(call, options);
}
