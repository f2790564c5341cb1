import type { Static, TObject, TProperties } from 'typebox';
import type { ErrorCode } from '../errors.ts';

/** What the API takes as a message of the kind. */
interface AcceptedExample<R extends TProperties> {
  request: Static<TObject<R>>;
  refused?: undefined;
}

/** What the API refuses, and with which code. */
interface RefusedExample {
  request: Readonly<Record<string, unknown>>;
  refused: ErrorCode;
}

/**
 * One kind of message that can be sent and received, by its names and shapes. The worker has a codec of the same name,
 * which knows the protobuf of the kind.
 */
export interface Kind<R extends TProperties, C extends TProperties> {
  /** For the description of the API, such as `A text.` */
  summary: string;
  /** Fields of the request beside those that all kinds have. The outbox keeps them under the same names. */
  request: R;
  /** By required field: another name of it, which the description shows first. A request gives one of the two. */
  aliases?: Readonly<Partial<Record<keyof R & string, string>>>;
  /** `message.content`: the same for what was sent and for what came. */
  content: C;
  /** What `messages.text` and `messages.content` say about a message that is sent. */
  stored(request: Static<TObject<R>>): { text?: string; content?: Static<TObject<C>> };
  /** Documentation and tests read these. The first one is shown as the example of the request. */
  examples: readonly [AcceptedExample<R>, ...(AcceptedExample<R> | RefusedExample)[]];
}

/** Infers the shapes of a kind from its fields. */
export const defineKind = <R extends TProperties, C extends TProperties>(kind: Kind<R, C>): Kind<R, C> => kind;
