/** What a span tells: names and values, by the semantic conventions of OpenTelemetry where they have one. */
export type SpanAttributes = Record<string, string | number | boolean | undefined>;

export interface SpanOptions {
  /** @default 'internal' */
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** `traceparent` of the span that it belongs to; `null`: it begins a trace. @default the present span */
  parent?: string | null | undefined;
  /**
   * The parent comes from a caller: its trace is continued, but whether spans of it are recorded is decided here.
   *
   * @default false
   */
  isParentForeign?: boolean;
  /** When it began, for what is known to be a part of a trace only afterwards. @default now */
  startedAt?: Date;
  attributes?: SpanAttributes;
}

/** Something that is done, as a part of a trace. */
export interface Span {
  /** Names it to other processes, as W3C's `traceparent`. */
  readonly traceparent: string;
  readonly traceId: string;
  readonly spanId: string;
  /**
   * `false`: its trace is not among those that are sampled. It has the ids, which it may share with its parent, and
   * takes nothing: leave out what only `set` needs.
   */
  readonly isRecording: boolean;
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** It did not succeed. */
  fail(error: unknown): void;
  /** Ends it; the first time counts. */
  end(): void;
  /** Runs `work` with this as the present span. */
  run<T>(work: () => T): T;
}

export interface Tracer {
  start(name: string, options: SpanOptions): Span;
  present(): Span | undefined;
}

export interface TracingSettings {
  /** The name of the process, such as `gateway` or `worker`. */
  service: string;
  version: string;
  /** Names it among others of its kind. @default its pid */
  instance?: string;
  /** Where spans are sent, OTLP over HTTP with protobuf; `/v1/traces` is added. Absent: tracing is off. */
  endpoint: string | undefined;
  /**
   * The present span follows promises alone, on Node < 24, where an `AsyncLocalStorage` costs all callbacks of the
   * process. Say it where nothing else uses one; what timers and events call back has no span then, unless
   * `boundToSpan` has made it.
   *
   * @default false
   */
  arePromisesEnough?: boolean;
  /** `name=value,name=value`, percent-encoded. */
  headers?: string | undefined;
  /** The share of traces that are recorded, 0 to 1. */
  ratio: number;
}
