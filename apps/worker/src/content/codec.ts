import type { ContentOf, FileReference, KindName, RequestOf } from '@wa-gate/contracts';
import type { MediaType } from '../media/media-type.ts';
import type { UploadedFile } from '../media/uploaded-file.ts';
import type { proto } from '../whatsapp/baileys.ts';

/** A field of the protobuf message that identifies the kind. */
export type Member = keyof proto.IMessage;

/** The content of a message: `text` is its words, `content` its other fields. */
export interface ReadContent<C = Record<string, unknown>> {
  text?: string;
  content?: C;
}

/** Converts the protobuf into the stored content. Pure; `null`: the members have no content. */
export interface Reader<C = Record<string, unknown>> {
  members: readonly Member[];
  read(message: proto.IMessage): ReadContent<C> | null;
}

/** The inputs of `build` besides the request. */
export interface Given {
  /** The secret of this message alone; see `messageSecret`. */
  secret: Uint8Array;
  /** Where the file of the message is; of kinds whose codec names one. */
  file?: UploadedFile | undefined;
}

/** A file that must be on WhatsApp's media host before its message can be built. */
export interface FileToUpload {
  file: FileReference;
  mediaType: MediaType;
  /** It is not encrypted: it belongs to a channel. @default false */
  isPlain?: boolean;
  /** The picture of a link preview: the text can go without it. @default false */
  isPreview?: boolean;
}

/** Both directions of one kind of the registry in `@wa-gate/contracts`. */
export interface Codec<K extends KindName> extends Reader<Partial<ContentOf<K>>> {
  /**
   * Whether the same request and secret always give the same protobuf (I8). Random keys and uploaded files break that.
   * For such a kind the outbox stores the bytes before they are sent, which costs one statement more for each message.
   *
   * @default true
   */
  isReproducible?: boolean;
  /** The file that `build` needs; absent: the kind has none. */
  upload?(request: RequestOf<K>): FileToUpload;
  build(request: RequestOf<K>, given: Given): proto.IMessage;
}
