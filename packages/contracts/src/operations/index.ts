import type { Static, TObject, TProperties, TSchema } from 'typebox';
import { blocklist } from './blocklist.ts';
import { calls } from './calls.ts';
import { channels } from './channels.ts';
import { chats } from './chats.ts';
import { communities } from './communities.ts';
import { contacts } from './contacts.ts';
import { groups } from './groups.ts';
import { labels } from './labels.ts';
import { messages } from './messages.ts';
import type { Operation, PresentedOperation } from './operation.ts';
import { presence } from './presence.ts';
import { privacy } from './privacy.ts';
import { profile } from './profile.ts';
import { sessions } from './sessions.ts';

/** Every operation on a live session. The worker does not compile while an entry has no function that performs it. */
export const OPERATIONS = {
  ...sessions,
  ...presence,
  ...contacts,
  ...messages,
  ...chats,
  ...channels,
  ...blocklist,
  ...communities,
  ...groups,
  ...calls,
  ...privacy,
  ...profile,
  ...labels,
};
export type OperationName = keyof typeof OPERATIONS;
export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];

/** Operations on the session itself: they need no connection. */
export type SessionOperationName = keyof typeof sessions;
/** Operations on the connection to WhatsApp. */
export type ConnectionOperationName = Exclude<OperationName, SessionOperationName>;
/** Operations for whose answer the API has another shape. */
export type PresentedOperationName = {
  [N in OperationName]: (typeof OPERATIONS)[N] extends { data: TSchema } ? N : never;
}[OperationName];

export type InputOf<N extends OperationName> = Static<TObject<(typeof OPERATIONS)[N]['input']>>;
export type AnswerOf<N extends OperationName> = Static<(typeof OPERATIONS)[N]['answer']>;

export const isOperationName = (name: string): name is OperationName => Object.hasOwn(OPERATIONS, name);
export const isSessionOperation = (name: OperationName): name is SessionOperationName => Object.hasOwn(sessions, name);

/** An entry of {@link OPERATIONS} with its general type. */
export const operationOf = (name: OperationName) =>
  OPERATIONS[name] as Operation<TProperties, TSchema> & Partial<PresentedOperation<TProperties, TSchema, TSchema>>;

export { OWNER_ERRORS, parametersOf, type Repeat } from './operation.ts';
export { STATUS_TIMEOUT_MS, UNLINK_TIMEOUT_MS } from './sessions.ts';
