import {
  type Attributes,
  type HrTime,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Span, SpanAttributes, SpanOptions } from './span.ts';
import { runWithSpan } from './span-storage.ts';

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

const UNSET: SpanStatus = { code: SpanStatusCode.UNSET };
const FAILED: SpanStatus = { code: SpanStatusCode.ERROR };
const NONE: never[] = [];

/** What all spans of a process have in common. */
export interface SpanOrigin extends Pick<ReadableSpan, 'resource' | 'instrumentationScope'> {
  /** Takes each span when it has ended. */
  onEnd(span: ReadableSpan): void;
}

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];

/**
 * A span that is sent. The exporter reads it as it reads the SDK's own class, which also keeps limits, checks each
 * attribute and counts itself in metrics that nobody reads. Where few traces are recorded, that code never gets warm.
 */
export class RecordedSpan implements Span, ReadableSpan {
  name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanContext?: SpanContext;
  attributes: Attributes = {};
  status = UNSET;
  ended = false;
  readonly links = NONE;
  readonly events = NONE;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly #origin: SpanOrigin;
  /** Milliseconds since 1970. */
  readonly #startedAt: number;
  /** The same moment by the monotonic clock; of a span that began in the past, when it was made. */
  readonly #madeAt = performance.now();
  #durationMs = 0;

  /** @param parent in whose trace it is */
  constructor(
    origin: SpanOrigin,
    name: string,
    { kind = 'internal', attributes, startedAt }: SpanOptions,
    ids: { traceId: string; spanId: string },
    parent: SpanContext | undefined,
  ) {
    this.#origin = origin;
    this.name = name;
    this.kind = KINDS[kind];
    this.traceId = ids.traceId;
    this.spanId = ids.spanId;
    if (parent) this.parentSpanContext = parent;
    const now = Date.now();
    this.#startedAt = startedAt?.getTime() ?? now;
    // What it took until now is a part of it.
    this.#madeAt -= now - this.#startedAt;
    if (attributes) this.set(attributes);
  }

  get traceparent(): string {
    return `00-${this.traceId}-${this.spanId}-01`;
  }

  get isRecording(): boolean {
    return !this.ended;
  }

  rename(name: string): void {
    if (!this.ended) this.name = name;
  }

  set(attributes: SpanAttributes): void {
    if (this.ended) return;
    for (const name in attributes) {
      const value = attributes[name];
      if (value !== undefined) this.attributes[name] = value;
    }
  }

  /** By its kind: messages of errors may hold what no trace should. */
  fail(error: unknown): void {
    if (this.ended) return;
    const { name, code } = (error ?? {}) as { name?: string; code?: string };
    this.status = FAILED;
    this.attributes['error.type'] = String(code ?? name ?? error);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.#durationMs = performance.now() - this.#madeAt;
    this.#origin.onEnd(this);
  }

  run<T>(work: () => T): T {
    return runWithSpan(this, work);
  }

  get resource(): ReadableSpan['resource'] {
    return this.#origin.resource;
  }

  get instrumentationScope(): ReadableSpan['instrumentationScope'] {
    return this.#origin.instrumentationScope;
  }

  spanContext(): SpanContext {
    return { traceId: this.traceId, spanId: this.spanId, traceFlags: TraceFlags.SAMPLED };
  }

  get startTime(): HrTime {
    return hrTime(this.#startedAt);
  }

  get endTime(): HrTime {
    return hrTime(this.#startedAt + this.#durationMs);
  }

  get duration(): HrTime {
    return hrTime(this.#durationMs);
  }
}
