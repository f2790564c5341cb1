import type { Logger } from '../logger.ts';
import type { TracingSettings } from './span.ts';
import { useTracer } from './tracing.ts';

/** A tracing that runs. */
export interface Tracing {
  /** Says, at most once a minute, that spans cannot be sent. */
  report(logger: Logger): void;
  /** Sends what is recorded, within a few seconds. */
  stop(): Promise<void>;
}

/** Begins tracing where there is an endpoint. Call it before anything else: what is opened before is not traced. */
export async function startTracing(settings: TracingSettings): Promise<Tracing | undefined> {
  const { endpoint } = settings;
  if (endpoint === undefined) return undefined;
  // The SDK is loaded by nobody else: a process without an endpoint does without.
  const { startOtlpTracing } = await import('./otlp-tracing.ts');
  const started = startOtlpTracing({ ...settings, endpoint });
  useTracer(started.tracer);
  return {
    report: (logger) => started.report(logger),
    async stop() {
      await started.stop();
      useTracer(undefined);
    },
  };
}
