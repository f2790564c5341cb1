import type { Static, TObject, TProperties, TSchema } from 'typebox';
import type { ErrorCode } from '../errors.ts';
import type { BucketName } from '../rate-limits.ts';
import type { Permission } from '../workspace-roles.ts';

/**
 * When a call is sent to the worker again after its connection broke. `safe`: always. `only-if-refused`: never,
 * because the worker may have done it; the caller gets OUTCOME_UNKNOWN. A call that was refused before anything was
 * done is always sent again, to the present owner.
 */
export type Repeat = 'safe' | 'only-if-refused';

/** The same operation for callers who name no session: it acts on their default session. */
export interface OperationAlias {
  path: `/${string}`;
  operationId: `defaultSession.${string}`;
  summary: string;
  description?: string;
  /** @default those of the operation */
  limits?: readonly BucketName[];
}

/**
 * Something that the worker of a session does at once, by its names and shapes. The name of its entry is the
 * operationId and the name that the worker knows it by. Worker and gateway have a table of the same names.
 */
export interface Operation<I extends TProperties, A extends TSchema> {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below `/api`. */
  path: '/sessions/:id' | `/sessions/:id/${string}`;
  summary: string;
  description?: string;
  /** `workspace`: not with the key of a session. @default 'caller' */
  audience?: 'caller' | 'workspace';
  permission: Permission;
  limits?: readonly BucketName[];
  /** The action in the audit log. It is written before the worker is asked. */
  audit?: string;
  /** What the worker gets: the body of the request, or its query for a GET. */
  input: I;
  /** Why an input that fits the schema is refused all the same: one sentence. */
  objection?(this: void, input: Static<TObject<I>>): string | undefined;
  /**
   * What the worker answers. It is the `data` of the API, too, unless the operation is a {@link PresentedOperation}.
   */
  answer: A;
  /** Besides those that any route may answer. */
  errors: readonly ErrorCode[];
  repeat: Repeat;
  /** Queries to WhatsApp that it makes, for the budget of the session. */
  cost: number;
  /** How long the worker may take. @default 30 000 */
  timeoutMs?: number;
  alias?: OperationAlias;
  /** The description shows the first one; the conformance test runs all. */
  examples: readonly [Static<TObject<I>>, ...Static<TObject<I>>[]];
}

/** An operation whose answer the gateway puts into another shape. */
export interface PresentedOperation<I extends TProperties, A extends TSchema, D extends TSchema>
  extends Operation<I, A> {
  /** The `data` of the API. */
  data: D;
  /** The body of the request, where it is not the input. */
  body?: TSchema;
  /** What the query says about the presentation. The worker does not get it. */
  query?: TObject;
}

export const defineOperation = <I extends TProperties, A extends TSchema>(operation: Operation<I, A>) => operation;
export const definePresented = <I extends TProperties, A extends TSchema, D extends TSchema>(
  operation: PresentedOperation<I, A, D>,
) => operation;

/** What every call to the owner of a session may be refused with. */
export const OWNER_ERRORS = [
  'UNAUTHENTICATED',
  'SESSION_NOT_FOUND',
  'SESSION_MOVING',
  'WORKER_ERROR',
] as const satisfies readonly ErrorCode[];

/** What every operation on a connection to WhatsApp may be refused with. */
export const CONNECTION_ERRORS = [
  ...OWNER_ERRORS,
  'SESSION_NOT_CONNECTED',
  'SESSION_LOGGED_OUT',
  'OUTCOME_UNKNOWN',
  'WA_FORBIDDEN',
  'WA_NOT_FOUND',
  'WA_NOT_READY',
  'WA_PACING',
  'WA_REFUSED',
  'WA_TIMEOUT',
] as const satisfies readonly ErrorCode[];
