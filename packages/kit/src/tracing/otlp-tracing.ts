/**
 * The one file that knows the SDK of OpenTelemetry. Loaded by `startTracing` alone, when there is an endpoint.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  isValidSpanId,
  isValidTraceId,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  RandomIdGenerator,
  type ReadableSpan,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../logger.ts';
import { traceHttpClients } from './http-clients.ts';
import type { Span, SpanAttributes, SpanOptions, Tracer, TracingSettings } from './span.ts';

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** How long a stop waits for the receiver. */
const STOP_WITHIN_MS = 2_000;
/** Failures are told once in so long. */
const SILENCE_MS = 60_000;

const TRACEPARENT = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:$|-)/;
const SAMPLED = 1;

const present = new AsyncLocalStorage<OtlpSpan | UnrecordedSpan>();

/** A place in a trace that is not recorded. What happens there is not told. */
class UnrecordedSpan implements Span {
  readonly traceparent: string;
  readonly isRecording = false;

  constructor(traceId: string, spanId: string) {
    this.traceparent = `00-${traceId}-${spanId}-00`;
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
    return present.getStore() === this ? work() : present.run(this, work);
  }
}

class OtlpSpan implements Span {
  readonly otel: OtelSpan;
  #hasEnded = false;

  constructor(otel: OtelSpan) {
    this.otel = otel;
  }

  get traceId(): string {
    return this.otel.spanContext().traceId;
  }

  get spanId(): string {
    return this.otel.spanContext().spanId;
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.otel.spanContext();
    return `00-${traceId}-${spanId}-0${traceFlags & SAMPLED}`;
  }

  get isRecording(): boolean {
    return this.otel.isRecording();
  }

  rename(name: string): void {
    this.otel.updateName(name);
  }

  set(attributes: SpanAttributes): void {
    this.otel.setAttributes(attributes as Attributes);
  }

  /** By its kind: messages of errors may hold what no trace should. */
  fail(error: unknown): void {
    const { name, code } = (error ?? {}) as { name?: string; code?: string };
    this.otel.setStatus({ code: SpanStatusCode.ERROR });
    this.otel.setAttributes({ 'error.type': String(code ?? name ?? error) });
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.otel.end();
  }

  run<T>(work: () => T): T {
    return present.run(this, work);
  }
}

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
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId)) return undefined;
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
  const { service, version, instance = String(process.pid), endpoint, headers, ratio } = settings;
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
  const byRatio = new TraceIdRatioBasedSampler(ratio);
  const ids = new RandomIdGenerator();
  /** Of the trace that is begun now: whether it is recorded, is decided by it before there is a span. */
  let rootTraceId = '';
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': `wa-gate-${service}`,
      'service.version': version,
      'service.instance.id': instance,
    }),
    // What is not recorded does not come here.
    sampler: new AlwaysOnSampler(),
    idGenerator: { generateTraceId: () => rootTraceId, generateSpanId: () => ids.generateSpanId() },
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const otel = provider.getTracer('wa-gate', version);

  const isChosen = (traceId: string): boolean =>
    byRatio.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;

  function record(name: string, { kind = 'internal', attributes, startedAt }: SpanOptions, parent: Context): OtlpSpan {
    return new OtlpSpan(
      otel.startSpan(
        name,
        {
          kind: KINDS[kind],
          ...(attributes && { attributes: attributes as Attributes }),
          ...(startedAt && { startTime: startedAt }),
        },
        parent,
      ),
    );
  }

  const tracer: Tracer = {
    start(name, options) {
      const { parent, isParentForeign = false } = options;
      if (parent === undefined) {
        const span = present.getStore();
        if (span instanceof UnrecordedSpan) return span;
        if (span) return record(name, options, trace.setSpan(ROOT_CONTEXT, span.otel));
      }
      const place = parent ? readTraceparent(parent) : undefined;
      if (!place) {
        rootTraceId = ids.generateTraceId();
        if (isChosen(rootTraceId)) return record(name, options, ROOT_CONTEXT);
        return new UnrecordedSpan(rootTraceId, ids.generateSpanId());
      }
      const { traceId, spanId, isRecorded } = place;
      // A caller's wish to be recorded would let it decide what tracing costs; its wish not to be is followed.
      if (isRecorded && (!isParentForeign || isChosen(traceId))) {
        const context = { traceId, spanId, traceFlags: SAMPLED, isRemote: isParentForeign };
        return record(name, options, trace.setSpanContext(ROOT_CONTEXT, context));
      }
      // Nobody looks for the parts of what is not recorded: a process goes on with the span of the one before.
      return new UnrecordedSpan(traceId, isParentForeign ? ids.generateSpanId() : spanId);
    },
    present: () => present.getStore(),
  };
  const endHttpClients = traceHttpClients(tracer);
  return {
    tracer,
    report(given) {
      logger = given;
    },
    async stop() {
      endHttpClients();
      const late = new Promise((resolve) => setTimeout(resolve, STOP_WITHIN_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}
