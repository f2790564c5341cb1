import type { Static, TObject, TProperties, TSchema } from 'typebox';
import type { ErrorCode } from '../errors.ts';
import type { BucketName } from '../rate-limits.ts';
import type { Permission } from '../workspace-roles.ts';

/**
 * Whether a call is sent to the worker again after its connection broke. `safe`: yes. `only-if-refused`: no, because
 * the worker may have executed it; the caller gets OUTCOME_UNKNOWN. A call that the worker refused before it did
 * anything is always sent again, to the present owner.
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
 * The names and shapes of something that the worker of a session does while the caller waits. The name of its entry is
 * the `operationId` and the name in the call to the worker.
 */
export interface Operation<I extends TProperties, A extends TSchema> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api`. A parameter after `:id` is the field of `input` with its name. */
  path: '/sessions/:id' | `/sessions/:id/${string}`;
  /** The heading in the description of the API. @default 'Sessions' */
  tag?: string;
  summary: string;
  description?: string;
  /** `workspace`: not with the key of a session. @default 'caller' */
  audience?: 'caller' | 'workspace';
  permission: Permission;
  limits?: readonly BucketName[];
  /** The action in the audit log. It is written before the worker is called. */
  audit?: string;
  /** Why an operation that is no GET writes no entry into the audit log. It has `audit` or this. */
  unaudited?: string;
  /** The fields that the worker gets: from the path, and from the body of the request, or from its query for a GET. */
  input: I;
  /** Checks across fields. Returns the sentence of the refusal, or `undefined`. */
  objection?(this: void, input: Static<TObject<I>>): string | undefined;
  /**
   * What the worker answers. It is the `data` of the API, too, unless the operation is a {@link PresentedOperation}.
   */
  answer: A;
  /** Error codes besides those of every route. */
  errors: readonly ErrorCode[];
  repeat: Repeat;
  /**
   * The worker answers at once, from what it holds in memory, and `input` is empty. Such a call shares a frame of the
   * control stream with others.
   */
  isAnsweredFromMemory?: true;
  /** The count of queries that it sends to WhatsApp. It is taken from the budget of the session. */
  cost: number;
  /** Milliseconds of the timeout of the gateway. @default 30 000 */
  timeoutMs?: number;
  alias?: OperationAlias;
  /** Examples. The description shows the first one; the conformance test runs all. */
  examples: readonly [Static<TObject<I>>, ...Static<TObject<I>>[]];
}

/** An operation for whose answer the API has another shape (`data`). */
export interface PresentedOperation<I extends TProperties, A extends TSchema, D extends TSchema>
  extends Operation<I, A> {
  /** The `data` of the API. */
  data: D;
  /** The parameters of the path after `:id`, where they are not the input. Then there is no body without `body`. */
  params?: TProperties;
  /** The body of the request, where it is not the input. */
  body?: TSchema;
  /** Query parameters for the presentation. The worker does not get them. */
  query?: TObject;
}

/** The names of the parameters of a path, without the session: `group` of `/sessions/:id/groups/:group`. */
export const parametersOf = (path: string): string[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!).filter((name) => name !== 'id');

export const defineOperation = <I extends TProperties, A extends TSchema>(operation: Operation<I, A>) => operation;
export const definePresented = <I extends TProperties, A extends TSchema, D extends TSchema>(
  operation: PresentedOperation<I, A, D>,
) => operation;

/** Errors of every call to the owner of a session. */
export const OWNER_ERRORS = [
  'UNAUTHENTICATED',
  'SESSION_NOT_FOUND',
  'SESSION_MOVING',
  'WORKER_ERROR',
] as const satisfies readonly ErrorCode[];

/** Errors of every operation on a connection to WhatsApp. */
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
  'WA_UNAVAILABLE',
] as const satisfies readonly ErrorCode[];
