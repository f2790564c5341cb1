import type { Static, TObject, TProperties } from 'typebox';
import type { ErrorCode } from '../errors.ts';
import type { FileField, FileReference } from './files.ts';

/** A request that the API accepts. */
interface AcceptedExample<R extends TProperties> {
  request: Static<TObject<R>>;
  refused?: undefined;
}

/** A request that the API refuses, with the code. */
interface RefusedExample {
  request: Readonly<Record<string, unknown>>;
  refused: ErrorCode;
}

/** A request as the outbox has it: each file is a reference to the media store. */
export type Resolved<R> = {
  [F in keyof R]: F extends 'media'
    ? FileReference
    : R[F] extends readonly (infer I extends { media: unknown })[]
      ? Resolved<I>[]
      : R[F];
};

/** A request that is sent as several messages. */
export interface Split {
  /** The fields of the message itself. */
  own: Record<string, unknown>;
  /** The requests of the others, each with its type, in their order. */
  parts: readonly ({ type: string } & Record<string, unknown>)[];
}

/** What the columns `text` and `content` of `messages` say about a sent message. */
export interface Stored<C extends TProperties> {
  text?: string;
  content?: Static<TObject<C>>;
}

/**
 * One kind of message that can be sent and received, by its names and shapes. The codec of the same name in the worker
 * converts it to and from the protobuf.
 */
export interface Kind<R extends TProperties, C extends TProperties> {
  /** For the description of the API, such as `A text.` */
  summary: string;
  /** Fields of the request beside those that all kinds have. The outbox keeps them under the same names. */
  request: R;
  /**
   * Alternative names of required fields. The description shows the alternative first; a request has one of the two.
   */
  aliases?: Readonly<Partial<Record<keyof R & string, string>>>;
  /**
   * Where files stand in the request, and what they are for. The gateway takes each into the media store before it
   * accepts the message, and puts a {@link FileReference} in its place. A file of the request itself may also come as
   * `mediaUrl`.
   */
  files?: readonly FileField[];
  /** Why the fields do not go together, in one sentence. `undefined`: they do. */
  refusal?(request: Static<TObject<R>>): string | undefined;
  /** It is for one person: no group, channel or status gets it. */
  isPersonal?: true;
  /** Why the engine cannot send it, in one sentence with what to do instead. `undefined`: it can. */
  unsupported?(request: Static<TObject<R>>): string | undefined;
  /**
   * Other messages that are sent with it, each with a status of its own. They are accepted together or not at all, and
   * follow it in its chat.
   */
  parts?(request: Resolved<Static<TObject<R>>>): Split;
  /** `message.content`, for sent and for received messages. */
  content: C;
  /** The columns `messages.text` and `messages.content` of a sent message. */
  stored(request: Resolved<Static<TObject<R>>>): Stored<C>;
  /**
   * The request that sends a stored message of this kind once more, to forward it; `undefined`: this one cannot be. A
   * kind without it cannot be forwarded.
   */
  forwarded?(message: {
    text: string | null;
    content: Readonly<Record<string, unknown>> | null;
    /** Its file, where it has one. */
    media: { mediaId: string } | null;
  }): Static<TObject<R>> | undefined;
  /** Examples for the documentation and the tests. The first one is the example of the request. */
  examples: readonly [AcceptedExample<R>, ...(AcceptedExample<R> | RefusedExample)[]];
}

/** Infers the shapes of a kind from its fields. */
export const defineKind = <R extends TProperties, C extends TProperties>(kind: Kind<R, C>): Kind<R, C> => kind;
