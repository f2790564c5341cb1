import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Surroundings } from '../../harness/app-specs.ts';

export interface LoadTracing {
  /** Settings of the gateways and the workers that are measured, over those that are given. */
  env(others?: Surroundings['overrides']): Surroundings['overrides'];
  /** Kilobytes of spans that came; `null`: tracing is off. */
  kilobytes(): number | null;
  close(): Promise<void>;
}

/**
 * A collector for a run with tracing on. It reads what comes and keeps nothing, so that the run shows what the spans
 * cost those who make them.
 *
 * @param percent the share of traces that are recorded; `undefined`: tracing is off
 */
export async function tracingAt(percent: number | undefined): Promise<LoadTracing> {
  if (percent === undefined)
    return { env: (others = {}) => others, kilobytes: () => null, close: async () => undefined };
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    OTEL_TRACES_SAMPLER_ARG: String(percent / 100),
  };
  return {
    env: (others = {}) => ({
      ...others,
      gateway: { ...others.gateway, ...settings },
      worker: { ...others.worker, ...settings },
    }),
    kilobytes: () => bytes / 1_000,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
