import type { Static, TObject, TProperties } from 'typebox';
import type { ErrorCode } from '../errors.ts';

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
  /** `message.content`, for sent and for received messages. */
  content: C;
  /** The columns `messages.text` and `messages.content` of a sent message. */
  stored(request: Static<TObject<R>>): { text?: string; content?: Static<TObject<C>> };
  /** Examples for the documentation and the tests. The first one is the example of the request. */
  examples: readonly [AcceptedExample<R>, ...(AcceptedExample<R> | RefusedExample)[]];
}

/** Infers the shapes of a kind from its fields. */
export const defineKind = <R extends TProperties, C extends TProperties>(kind: Kind<R, C>): Kind<R, C> => kind;
