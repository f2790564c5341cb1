import type { Static, TObject, TProperties, TSchema } from 'typebox';
import type { Operation, PresentedOperation } from './operation.ts';
import { presence } from './presence.ts';
import { sessions } from './sessions.ts';

/**
 * All that the worker of a session does at once. Worker and gateway do not compile while an entry has nobody who does
 * it.
 */
export const OPERATIONS = { ...sessions, ...presence };
export type OperationName = keyof typeof OPERATIONS;
export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];

/** On the session itself, whatever its connection is. */
export type SessionOperationName = keyof typeof sessions;
/** On its connection to WhatsApp. */
export type ConnectionOperationName = Exclude<OperationName, SessionOperationName>;
/** Those whose answer the gateway puts into another shape. */
export type PresentedOperationName = {
  [N in OperationName]: (typeof OPERATIONS)[N] extends { data: TSchema } ? N : never;
}[OperationName];

export type InputOf<N extends OperationName> = Static<TObject<(typeof OPERATIONS)[N]['input']>>;
export type AnswerOf<N extends OperationName> = Static<(typeof OPERATIONS)[N]['answer']>;

export const isOperationName = (name: string): name is OperationName => Object.hasOwn(OPERATIONS, name);
export const isSessionOperation = (name: OperationName): name is SessionOperationName => Object.hasOwn(sessions, name);

/** Any of {@link OPERATIONS}, for code that knows none of them. */
export const operationOf = (name: OperationName) =>
  OPERATIONS[name] as Operation<TProperties, TSchema> & Partial<PresentedOperation<TProperties, TSchema, TSchema>>;

export { OWNER_ERRORS, type Repeat } from './operation.ts';
export { STATUS_TIMEOUT_MS, UNLINK_TIMEOUT_MS } from './sessions.ts';
