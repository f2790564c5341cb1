import type { Span, SpanAttributes, SpanOptions, Tracer } from './span.ts';

/**
 * The tracer of this process. One for all, as the present span is: everything that is traced is so without being told
 * (docs/tracing.md). While it is undefined, tracing costs a comparison.
 */
let tracer: Tracer | undefined;

/** For {@link startTracing} alone. */
export function useTracer(started: Tracer | undefined): void {
  tracer = started;
}

export const isTracing = (): boolean => tracer !== undefined;

/** Begins a span; `undefined` while tracing is off. */
export const startSpan = (name: string, options: SpanOptions = {}): Span | undefined => tracer?.start(name, options);

/** The span that the code which runs now belongs to. */
export const presentSpan = (): Span | undefined => tracer?.present();

/** Whether what runs now belongs to a trace that is recorded: otherwise {@link followed} has nothing to do. */
export const isRecorded = (): boolean => tracer?.present()?.isRecording === true;

/** The `traceparent` of the present span, for a row or a request that goes on with its trace. */
export const presentTraceparent = (): string | undefined => tracer?.present()?.traceparent;

/** What is called back later, within the span that is present now: timers and events hand no span on. */
export function boundToSpan<A extends unknown[]>(work: (...args: A) => void): (...args: A) => void {
  const span = tracer?.present();
  return span ? (...args) => span.run(() => work(...args)) : work;
}

/** Does something as a span, which fails as `work` does. */
export function inSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  const span = tracer?.start(name, options);
  if (!span) return work(undefined);
  return span.isRecording ? record(span, work) : span.run(() => work(span));
}

async function record<T>(span: Span, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    return await span.run(() => work(span));
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}

/** Follows a promise as a span of a library, within a recorded trace; otherwise there is nothing to see. */
export function followed<T>(name: string, attributes: SpanAttributes, begin: () => T): T {
  if (!tracer || !isRecorded()) return begin();
  const span = tracer.start(name, { kind: 'client', attributes });
  try {
    const result = begin();
    if (!(result instanceof Promise)) {
      span.end();
      return result;
    }
    result.then(
      () => span.end(),
      (error: unknown) => {
        span.fail(error);
        span.end();
      },
    );
    return result;
  } catch (error) {
    span.fail(error);
    span.end();
    throw error;
  }
}

/** What each log line says of the present span. */
export function traceFields(): { traceId?: string; spanId?: string } {
  const span = tracer?.present();
  return span ? { traceId: span.traceId, spanId: span.spanId } : {};
}
