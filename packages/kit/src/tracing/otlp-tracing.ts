/**
 * The one file that knows the SDK of OpenTelemetry. Loaded by `startTracing` alone, when there is an endpoint.
 */
import { ROOT_CONTEXT, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  RandomIdGenerator,
  type ReadableSpan,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../logger.ts';
import { traceHttpClients } from './http-clients.ts';
import { RecordedSpan, type SpanOrigin } from './recorded-span.ts';
import type { Span, SpanOptions, Tracer, TracingSettings } from './span.ts';
import { closeSpanStorage, openSpanStorage, runWithSpan, storedSpan } from './span-storage.ts';

/** How long a stop waits for the receiver. */
const STOP_WITHIN_MS = 2_000;
/** Failures are told once in so long. */
const SILENCE_MS = 60_000;

const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:$|-)/;
/** As a span that is not recorded writes it, here or in another process of ours. */
const UNRECORDED = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-00$/;
const { SAMPLED } = TraceFlags;

/** A place in a trace that is not recorded. What happens there is not told. */
class UnrecordedSpan implements Span {
  readonly traceparent: string;
  readonly isRecording = false;

  constructor(traceparent: string) {
    this.traceparent = traceparent;
  }

  get traceId(): string {
    return this.traceparent.slice(3, 35);
  }

  get spanId(): string {
    return this.traceparent.slice(36, 52);
  }

  rename(): void {}
  set(): void {}
  fail(): void {}
  end(): void {}

  run<T>(work: () => T): T {
    return storedSpan() === this ? work() : runWithSpan(this, work);
  }
}

const unrecorded = (traceId: string, spanId: string): UnrecordedSpan =>
  new UnrecordedSpan(`00-${traceId}-${spanId}-00`);

/** A span by its ids; `isRecorded` says so of its trace. */
interface Place {
  traceId: string;
  spanId: string;
  isRecorded: boolean;
}

/** @returns undefined for what is not valid */
function readTraceparent(text: string): Place | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, isRecorded: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

/** `name=value,name=value`, as the specification of the variable has it. */
function readHeaders(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [decodeURIComponent(pair.slice(0, at).trim()), decodeURIComponent(pair.slice(at + 1).trim())];
    }),
  );
}

/** Passes spans on, and hears of what could not be sent. */
function watched(exporter: SpanExporter, onFailure: (error: Error | undefined, spans: number) => void): SpanExporter {
  return {
    export(spans: ReadableSpan[], done) {
      exporter.export(spans, (result) => {
        if (result.code !== 0) onFailure(result.error, spans.length);
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}

export function startOtlpTracing(settings: TracingSettings & { endpoint: string }): {
  tracer: Tracer;
  report(logger: Logger): void;
  stop(): Promise<void>;
} {
  const {
    service,
    version,
    instance = String(process.pid),
    endpoint,
    headers,
    ratio,
    arePromisesEnough = false,
  } = settings;
  let logger: Logger | undefined;
  let saidAt = Number.NEGATIVE_INFINITY;
  const exporter = watched(
    new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces`, headers: readHeaders(headers) }),
    (error, spans) => {
      if (performance.now() - saidAt < SILENCE_MS) return;
      saidAt = performance.now();
      logger?.warn({ err: error, spans }, 'spans cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT, dropped');
    },
  );
  const processor = new BatchSpanProcessor(exporter);
  const origin: SpanOrigin = {
    resource: detectResources({ detectors: [envDetector] }).merge(
      resourceFromAttributes({
        'service.name': `wa-gate-${service}`,
        'service.version': version,
        'service.instance.id': instance,
      }),
    ),
    instrumentationScope: { name: 'wa-gate', version },
    onEnd: (span) => processor.onEnd(span),
  };
  const byRatio = new TraceIdRatioBasedSampler(ratio);
  const ids = new RandomIdGenerator();
  const isChosen = (traceId: string): boolean =>
    byRatio.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
  const record = (name: string, options: SpanOptions, traceId: string, parent?: SpanContext): RecordedSpan =>
    new RecordedSpan(origin, name, options, { traceId, spanId: ids.generateSpanId() }, parent);

  const tracer: Tracer = {
    start(name, options) {
      const { parent, isParentForeign = false } = options;
      if (parent === undefined) {
        const span = storedSpan();
        if (span instanceof RecordedSpan) return record(name, options, span.traceId, span.spanContext());
        if (span) return span;
      }
      // Nobody looks for the parts of what is not recorded: a process goes on with the span of the one before.
      if (parent && !isParentForeign && UNRECORDED.test(parent)) return new UnrecordedSpan(parent);
      const place = parent ? readTraceparent(parent) : undefined;
      if (!place) {
        const traceId = ids.generateTraceId();
        return isChosen(traceId) ? record(name, options, traceId) : unrecorded(traceId, ids.generateSpanId());
      }
      const { traceId, spanId, isRecorded } = place;
      // A caller's wish to be recorded would let it decide what tracing costs; its wish not to be is followed.
      if (isRecorded && (!isParentForeign || isChosen(traceId))) {
        return record(name, options, traceId, { traceId, spanId, traceFlags: SAMPLED, isRemote: isParentForeign });
      }
      return unrecorded(traceId, isParentForeign ? ids.generateSpanId() : spanId);
    },
    present: storedSpan,
  };
  openSpanStorage(arePromisesEnough);
  const endHttpClients = traceHttpClients(tracer);
  return {
    tracer,
    report(given) {
      logger = given;
    },
    async stop() {
      endHttpClients();
      closeSpanStorage();
      const late = new Promise((resolve) => setTimeout(resolve, STOP_WITHIN_MS).unref());
      await Promise.race([processor.shutdown().catch(() => undefined), late]);
    },
  };
}
