import { createApi, respond } from './calls.ts';
import {
  type EventName,
  type Pairing,
  type StreamedEvent,
  type StreamOptions,
  streamEvents,
  streamPairing,
} from './event-stream.ts';
import { type Api, OPERATIONS } from './generated/operations.ts';
import type { CallOptions, Input, OperationId } from './operation.ts';
import { SessionHandle } from './session.ts';
import { Transport, type WaGateOptions } from './transport.ts';
import { type FileBytes, type UploadedMedia, type UploadOptions, uploadInParts } from './upload.ts';
import {
  type Message,
  type MessageProgress,
  type SessionStatus,
  type SessionStatusName,
  type WaitOptions,
  waitForMessage,
  waitForSession,
} from './waiting.ts';

/** A client of a gateway: `client.sessions.create(…)` and so on for every operation, and what is built on them. */
export interface Client extends Api {
  /** Where the gateway is, without a slash at the end. */
  readonly url: string;
  /** One session, to send with and to wait for. Nothing is asked for yet. */
  session(sessionId: string): SessionHandle;
  /** Events as they come, each once, over every reconnect. End the loop with `break`, or by the signal. */
  stream<Name extends EventName = EventName>(
    options?: StreamOptions<Name>,
  ): AsyncGenerator<StreamedEvent<Name>, void, undefined>;
  /** QR codes and states of a session while it is being linked. */
  pairing(
    sessionId: string,
    options?: Pick<StreamOptions, 'signal' | 'onState'>,
  ): AsyncGenerator<Pairing, void, undefined>;
  /** Waits until a session has one of these statuses. Throws `TIMEOUT` after `timeoutMs`. */
  waitForSession(
    sessionId: string,
    status: SessionStatusName | readonly SessionStatusName[],
    options?: WaitOptions,
  ): Promise<SessionStatus>;
  /** Waits until a message that was sent has come as far as this. Throws `TIMEOUT`, or `MESSAGE_FAILED`. */
  waitForMessage(messageId: string, progress: MessageProgress, options?: WaitOptions): Promise<Message>;
  /** Uploads a file in parts, and gives what `media: { mediaId }` of messages takes. */
  upload(file: FileBytes, options?: UploadOptions): Promise<UploadedMedia>;
  /** An operation with its answer unread, such as a QR code as a picture or usage as CSV. */
  response<Id extends OperationId>(id: Id, input: Input<Id>, options?: CallOptions): Promise<Response>;
}

/** @returns a client of the gateway at `options.url` */
export function createClient(options: WaGateOptions): Client {
  const transport = new Transport(options);
  const api = createApi(transport);
  return Object.assign(api, {
    url: transport.baseUrl,
    session: (sessionId: string) => new SessionHandle({ api, transport }, sessionId),
    stream: <Name extends EventName>(given: StreamOptions<Name> = {}) => streamEvents(transport, given),
    pairing: (sessionId: string, given: Pick<StreamOptions, 'signal' | 'onState'> = {}) =>
      streamPairing(transport, sessionId, given),
    waitForSession: (
      sessionId: string,
      status: SessionStatusName | readonly SessionStatusName[],
      given?: WaitOptions,
    ) => waitForSession(api, sessionId, status, given),
    waitForMessage: (messageId: string, progress: MessageProgress, given?: WaitOptions) =>
      waitForMessage(api, messageId, progress, given),
    async upload(file: FileBytes, given: UploadOptions = {}) {
      const { mediaId } = await uploadInParts(transport, file, given);
      return api.media.get({ id: mediaId }, { signal: given.signal });
    },
    response: (id: OperationId, input: object, given?: CallOptions) =>
      respond(transport, OPERATIONS[id], input as Record<string, unknown>, given, { accept: '*/*' }),
  });
}
