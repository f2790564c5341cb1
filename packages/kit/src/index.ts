export { type BackoffOptions, backoffDelay } from './backoff.ts';
export { createCensor } from './censor.ts';
export { type Clock, systemClock } from './clock.ts';
export { releaseEngine } from './engine.ts';
export { ConfigError, readConfig } from './env.ts';
export { describeFolderFailure } from './folder-failure.ts';
export { firstIdAt, newId, newIdAt, newRequestId, newToken, TOKEN_PREFIX, timeOfId } from './ids.ts';
export {
  internalToken,
  NO_INCARNATION,
  newNonce,
  PROOF_HEADERS,
  proofHeaders,
  provenIncarnation,
  tokensEqual,
  type WorkerClaim,
} from './internal-auth.ts';
export { lateCompiler } from './late-compiler.ts';
export { lazily } from './lazily.ts';
export { describeListenFailure } from './listen-failure.ts';
export { type LogFiles, openLogFiles, SECURITY_FIELD } from './log-files.ts';
export { createLogger, type Logger, type LoggerOptions, type LogSink } from './logger.ts';
export { createLoop, type Loop } from './loop.ts';
export {
  BASE_UNITS,
  CLOSE_REASONS,
  type LabelOf,
  METRICS,
  type MetricDefinition,
  type MetricName,
  type MetricSource,
  metricOf,
  metricsFrom,
} from './metrics/definitions.ts';
export { answerMetrics, listenForScrapes, METRICS_ENVIRONMENT, type MetricsServer } from './metrics/exposition.ts';
export {
  type Counter,
  createInstruments,
  type Gauge,
  type Histogram,
  type Instruments,
  type Registry,
} from './metrics/instruments.ts';
export { watchRedis } from './metrics/watch-redis.ts';
export { PROCESS_ENVIRONMENT } from './process-environment.ts';
export { createRedis, type Redis, type RedisClientOptions, redisKeys } from './redis.ts';
export { collectAtRest } from './rest.ts';
export {
  createSecretBox,
  deriveKey,
  KEY_ID_SLICE,
  type LastingPart,
  MasterKeyError,
  parseMasterKeys,
  type SecretBox,
  UnsealError,
} from './secret-box.ts';
export { onShutdown, orderlyMs, type ShutdownStep } from './shutdown.ts';
export { createSingleFlight } from './single-flight.ts';
export type { Span, SpanAttributes } from './tracing/span.ts';
export { startTracing, type Tracing } from './tracing/start-tracing.ts';
export {
  boundToSpan,
  followed,
  inSpan,
  isRecorded,
  isTracing,
  presentSpan,
  presentTraceparent,
  startSpan,
} from './tracing/tracing.ts';
export { within } from './within.ts';
