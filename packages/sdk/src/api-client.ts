import { createApi, entryOf, type RequestInput, request, respond } from './calls.ts';
import {
  type EventName,
  type EventStream,
  type Pairing,
  type PairingOptions,
  type StreamOptions,
  streamEvents,
  streamPairing,
} from './event-stream.ts';
import type { Api } from './generated/operations.ts';
import type { CallOptions, Input, OperationId } from './operation.ts';
import { Transport, type WaGateOptions } from './transport.ts';

/** Every operation of the API, `client.sessions.create(…)` and so on, and the streams. */
export interface ApiClient extends Api {
  /** Where the gateway is, without a slash at the end. */
  readonly url: string;
  /** Events as they come, each once, over every reconnect. End the loop with `break`, or by the signal. */
  stream<Name extends EventName = EventName>(options?: StreamOptions<Name>): EventStream<Name>;
  /** QR codes and states of a session while it is being linked. */
  pairing(sessionId: string, options?: PairingOptions): AsyncGenerator<Pairing, void, undefined>;
  /** An operation with its answer unread, such as a QR code as a picture or usage as CSV. */
  response<Id extends OperationId>(id: Id, input: Input<Id>, options?: CallOptions): Promise<Response>;
  /** The `data` of any path of the API, such as one that is newer than this package: `request('GET', '/api/…')`. */
  request<T = unknown>(method: string, path: `/api/${string}`, input?: RequestInput, options?: CallOptions): Promise<T>;
}

/**
 * A client of the operations and the streams alone. A page in a browser that needs no more loads a quarter less than
 * with `createClient`, which adds sessions to send with, waits and uploads.
 */
export const createApiClient = (options: WaGateOptions): ApiClient => apiClientOf(new Transport(options));

export function apiClientOf(transport: Transport): ApiClient {
  return Object.assign(createApi(transport), {
    url: transport.baseUrl,
    stream: <Name extends EventName>(given: StreamOptions<Name> = {}) => streamEvents(transport, given),
    pairing: (sessionId: string, given: PairingOptions = {}) => streamPairing(transport, sessionId, given),
    response: (id: OperationId, input: object, given?: CallOptions) =>
      respond(transport, entryOf(id), input as Record<string, unknown>, given, { accept: '*/*' }),
    request: async <T>(method: string, path: string, input: RequestInput = {}, given?: CallOptions) =>
      (await request(transport, method, path, input, given)) as T,
  });
}
