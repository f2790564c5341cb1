import type { ContentOf, KindName, RequestOf } from '@wa-gate/contracts';
import type { proto } from '../whatsapp/baileys.ts';

/** A part of the protobuf: one that a message of the kind has, and others have not. */
export type Member = keyof proto.IMessage;

/** What a message says: `text` is its words, `content` whatever else there is. */
export interface ReadContent<C = Record<string, unknown>> {
  text?: string;
  content?: C;
}

/** Turns the protobuf of the members into what is stored. Pure; `null`: the message says nothing by these members. */
export interface Reader<C = Record<string, unknown>> {
  members: readonly Member[];
  read(message: proto.IMessage): ReadContent<C> | null;
}

/** What the bytes of a message depend on beside its request. */
export interface Given {
  /** Of this message alone; see `messageSecret`. */
  secret: Uint8Array;
}

/** Both directions of one kind of the registry in `@wa-gate/contracts`. */
export interface Codec<K extends KindName> extends Reader<Partial<ContentOf<K>>> {
  /**
   * Whether the same request and secret give the same protobuf, always (I8). Of a kind for which they do not, because a
   * key is drawn by chance or a file is uploaded, the outbox stores the bytes before they are sent: one statement more
   * for each message.
   *
   * @default true
   */
  isReproducible?: boolean;
  build(request: RequestOf<K>, given: Given): proto.IMessage;
}
