import { type ApiClient, apiClientOf } from './api-client.ts';
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

/** A client of a gateway: every operation, and what is built on them. */
export interface Client extends ApiClient {
  /** One session, to send with and to wait for. Nothing is asked for yet. */
  session(sessionId: string): SessionHandle;
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
}

/** @returns a client of the gateway at `options.url` */
export function createClient(options: WaGateOptions): Client {
  const transport = new Transport(options);
  const api = apiClientOf(transport);
  return Object.assign(api, {
    session: (sessionId: string) => new SessionHandle({ api, transport }, sessionId),
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
  });
}
