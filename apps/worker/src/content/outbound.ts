import { createHmac } from 'node:crypto';
import type { KindName, OutboundRequest } from '@wa-gate/contracts';
import type { UploadedFile } from '../media/uploaded-file.ts';
import { proto } from '../whatsapp/baileys.ts';
import type { Codec, FileToUpload } from './codec.ts';
import { CODECS } from './codecs.ts';
import { withPreviewPicture } from './preview-picture.ts';

/**
 * Derives the secret inside a message, from which later parts of it (report tokens, edits, votes) take their keys. It
 * depends on the message id, so that an attempt after a restart makes the same bytes. `key` keeps it unknown to
 * everybody who has the id.
 */
export function messageSecret(key: Uint8Array, sessionId: string, waMessageId: string): Buffer {
  return createHmac('sha256', key).update(`${sessionId}|${waMessageId}`).digest();
}

/**
 * Builds the protobuf of a request, without its context. The same request, secret and file always give the same bytes.
 *
 * @throws for a type that only a later version has: after a rollback its rows may be in the outbox
 */
export function buildMessage(outbound: OutboundRequest, secret: Uint8Array, file?: UploadedFile): proto.IMessage {
  const { type, context, ...request } = outbound;
  const codec = codecOf(type);
  if (!codec) throw new TypeError(`This version cannot send messages of type ${type}.`);
  const message = codec.build(request as never, { secret, file });
  const picture = context?.linkPreview?.picture;
  return picture && file ? withPreviewPicture(message, picture, file) : message;
}

/** The compiler cannot relate the type of the request to the entry of the table. */
const codecOf = (type: KindName): Codec<KindName> | undefined =>
  Object.hasOwn(CODECS, type) ? (CODECS[type] as Codec<KindName>) : undefined;

/** Builds protobufs for the sender. */
export interface OutboundContent {
  /** @param file of a request with a file: where it was uploaded */
  build(request: OutboundRequest, secret: Uint8Array, file?: UploadedFile): proto.IMessage;
  /** The file that must be uploaded before the message can be built. */
  upload(request: OutboundRequest): FileToUpload | undefined;
  /**
   * Whether every attempt makes the same bytes from the request and the secret alone. The names in a context are those
   * of the moment.
   */
  isReproducible(request: OutboundRequest): boolean;
}

function previewPicture({ context }: OutboundRequest): FileToUpload | undefined {
  const picture = context?.linkPreview?.picture;
  return picture && { file: picture, mediaType: 'linkThumbnail', isPreview: true };
}

/** Builds with the codec of each kind. */
export const OUTBOUND_CONTENT: OutboundContent = {
  build: buildMessage,
  upload: (request) => codecOf(request.type)?.upload?.(request as never) ?? previewPicture(request),
  isReproducible: ({ type, context }) => !context && (codecOf(type)?.isReproducible ?? true),
};

export const encodeMessage = (message: proto.IMessage): Buffer => Buffer.from(proto.Message.encode(message).finish());

export const decodeMessage = (bytes: Uint8Array): proto.IMessage => proto.Message.decode(bytes);
