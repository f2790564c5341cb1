/** The endpoint has taken the event. */
export interface Delivered {
  kind: 'delivered';
  statusCode?: number | undefined;
}

/**
 * What a failure is about.
 *
 * - `endpoint`: it takes nothing now. The event waits in line, whatever it is.
 * - `unclear`: perhaps it takes nothing, perhaps only not this event. Another event tells.
 * - `event`: it refuses this event. Others go on.
 * - `gone`: it wants no events any more, and is switched off.
 */
export type FailureScope = 'endpoint' | 'unclear' | 'event' | 'gone';

export interface Failed {
  kind: 'failed';
  scope: FailureScope;
  /** In words, for the owner of the endpoint. Without a secret. */
  error: string;
  statusCode?: number | undefined;
  /** Milliseconds for which it asks to be left alone. */
  retryAfterMs?: number | undefined;
  /** The beginning of its answer, without our secrets: at most {@link MAX_ANSWER_BYTES}. */
  answer?: string | undefined;
  /** There was no connection: a knock tells when there is one again. */
  isUnreachable?: boolean | undefined;
}

/** How an attempt with one event ended. */
export type AttemptOutcome = Delivered | Failed;

/** Bytes of an answer that are kept with a failure, at most. */
export const MAX_ANSWER_BYTES = 1_024;
