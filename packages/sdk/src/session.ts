import { entryOf, respond } from './calls.ts';
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
import type { CallOptions, Schemas } from './operation.ts';
import type { Transport } from './transport.ts';
import { type FileBytes, uploadInParts } from './upload.ts';
import { type SessionStatus, type SessionStatusName, type WaitOptions, waitForSession } from './waiting.ts';

/** What is answered to a send. */
export type SendResult = Schemas['SendResult'];

/** Every message that can be sent, told apart by `type`. */
export type SendRequest = Schemas['SendRequest'];
type Kind = Exclude<SendRequest['type'], undefined>;
type RequestOf<K extends Kind> = Extract<SendRequest, { type?: K }>;
type Fields<K extends Kind> = Omit<RequestOf<K>, 'to' | 'type'>;
type Recipient = SendRequest['to'];

/** A file of a message: bytes, which are uploaded; or `{ url }`, `{ mediaId }`, `{ base64 }`. */
export type MediaSource = FileBytes | { url: string } | { mediaId: string } | { base64: string };
type MediaFields<K extends 'image' | 'video' | 'audio' | 'document' | 'sticker'> = Omit<
  Fields<K>,
  'media' | 'mediaUrl'
>;

export interface SendOptions extends CallOptions {
  /** What to wait for before answering. @default 'sent' */
  wait?: 'queued' | 'sent' | 'delivered' | undefined;
  /** How long the gateway waits for that, in milliseconds. @default 10000 */
  waitMs?: number | undefined;
}

/** One session of a gateway, under its `sessionId`. */
export class SessionHandle {
  readonly id: string;
  readonly #api: Api;
  readonly #transport: Transport;

  constructor({ api, transport }: { api: Api; transport: Transport }, id: string) {
    this.#api = api;
    this.#transport = transport;
    this.id = id;
  }

  /** Sends any kind of message. An `Idempotency-Key` is made, so that a lost answer leads to no second message. */
  send(request: SendRequest, { wait, waitMs, ...options }: SendOptions = {}): Promise<SendResult> {
    return this.#api.messages.send(
      { id: this.id, body: request, ...(wait && { wait }), ...(waitMs !== undefined && { timeoutMs: waitMs }) },
      options,
    );
  }

  sendText(to: Recipient, message: string, fields: Omit<Fields<'text'>, 'message' | 'text'> & SendOptions = {}) {
    const [request, options] = split(fields);
    return this.send({ to, type: 'text', message, ...request } as SendRequest, options);
  }

  sendImage(to: Recipient, media: MediaSource, fields: MediaFields<'image'> & SendOptions = {}) {
    return this.#sendFile('image', to, media, fields);
  }

  sendVideo(to: Recipient, media: MediaSource, fields: MediaFields<'video'> & SendOptions = {}) {
    return this.#sendFile('video', to, media, fields);
  }

  /** With `voice: true` it is shown as a voice note. */
  sendAudio(to: Recipient, media: MediaSource, fields: MediaFields<'audio'> & SendOptions = {}) {
    return this.#sendFile('audio', to, media, fields);
  }

  sendDocument(to: Recipient, media: MediaSource, fields: MediaFields<'document'> & SendOptions = {}) {
    return this.#sendFile('document', to, media, fields);
  }

  sendSticker(to: Recipient, media: MediaSource, fields: MediaFields<'sticker'> & SendOptions = {}) {
    return this.#sendFile('sticker', to, media, fields);
  }

  sendLocation(to: Recipient, fields: Fields<'location'> & SendOptions) {
    return this.#sendKind('location', to, fields);
  }

  sendContacts(to: Recipient, fields: Fields<'contact'> & SendOptions) {
    return this.#sendKind('contact', to, fields);
  }

  sendPoll(to: Recipient, fields: Fields<'poll'> & SendOptions) {
    return this.#sendKind('poll', to, fields);
  }

  sendEvent(to: Recipient, fields: Fields<'event'> & SendOptions) {
    return this.#sendKind('event', to, fields);
  }

  /** The invitation that adding somebody to a group has offered. */
  sendGroupInvite(to: Recipient, fields: Fields<'groupInvite'> & SendOptions) {
    return this.#sendKind('groupInvite', to, fields);
  }

  sendList(to: Recipient, fields: Fields<'list'> & SendOptions) {
    return this.#sendKind('list', to, fields);
  }

  sendButtons(to: Recipient, fields: Fields<'buttons'> & SendOptions) {
    return this.#sendKind('buttons', to, fields);
  }

  sendAlbum(to: Recipient, fields: Fields<'album'> & SendOptions) {
    return this.#sendKind('album', to, fields);
  }

  /** The present state, from the worker that holds the connection where it answers quickly. */
  status(options?: CallOptions): Promise<SessionStatus> {
    return this.#api.sessions.status({ id: this.id }, options);
  }

  /** Waits until the session has one of these statuses; at once when it has it already. */
  waitFor(status: SessionStatusName | readonly SessionStatusName[], options?: WaitOptions): Promise<SessionStatus> {
    return waitForSession(this.#api, this.id, status, options);
  }

  /** QR codes as they change, and states, until the session is connected. */
  pairing(options: PairingOptions = {}): AsyncGenerator<Pairing, void, undefined> {
    return streamPairing(this.#transport, this.id, options);
  }

  /** The QR code as a picture. */
  qrPicture(format: 'png' | 'svg', options?: CallOptions): Promise<Response> {
    return respond(this.#transport, entryOf('sessions.qr'), { id: this.id, format }, options, { accept: '*/*' });
  }

  /** The events of this session as they come. */
  stream<Name extends EventName = EventName>(options: Omit<StreamOptions<Name>, 'sessionId'> = {}): EventStream<Name> {
    return streamEvents(this.#transport, { ...options, sessionId: this.id });
  }

  /** The messages of this session, all pages. */
  messages(filter: Omit<Parameters<Api['messages']['list']['all']>[0], 'id'> = {}) {
    return this.#api.messages.list.all({ ...filter, id: this.id });
  }

  #sendKind<K extends Kind>(type: K, to: Recipient, fields: Fields<K> & SendOptions): Promise<SendResult> {
    const [request, options] = split(fields);
    return this.send({ to, type, ...request } as unknown as SendRequest, options);
  }

  async #sendFile(type: Kind, to: Recipient, source: MediaSource, fields: SendOptions): Promise<SendResult> {
    const [request, options] = split(fields);
    const media = isReference(source) ? source : await this.#upload(source, request, options);
    return this.send({ to, type, media, ...request } as unknown as SendRequest, options);
  }

  #upload(source: FileBytes, request: Record<string, unknown>, { signal }: SendOptions) {
    const { fileName, mimetype } = request as { fileName?: string; mimetype?: string };
    return uploadInParts(this.#transport, source, { fileName, mimetype, signal });
  }
}

const isReference = (source: MediaSource): source is Exclude<MediaSource, FileBytes> =>
  !(source instanceof Blob || source instanceof ArrayBuffer || ArrayBuffer.isView(source));

const OPTION_NAMES = ['wait', 'waitMs', 'signal', 'timeoutMs', 'retries', 'idempotencyKey', 'headers'] as const;

/** The fields of the message, and the options of the call. */
function split(fields: object): [Record<string, unknown>, SendOptions] {
  const names: readonly string[] = OPTION_NAMES;
  const isOption = ([name]: [string, unknown]): boolean => names.includes(name);
  const entries = Object.entries(fields);
  return [
    Object.fromEntries(entries.filter((entry) => !isOption(entry))),
    Object.fromEntries(entries.filter(isOption)) as SendOptions,
  ];
}
