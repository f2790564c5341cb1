import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { Type } from 'typebox';
import { tokensEqual } from '../internal-auth.ts';

/** Environment variables of the exposition, the same in gateway and worker. */
export const METRICS_ENVIRONMENT = {
  ENABLE_METRICS: Type.Boolean({ default: true, description: '`false`: /metrics is not there.' }),
  METRICS_PORT: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65_535, description: 'An own port for /metrics; it is nowhere else then.' }),
  ),
  METRICS_HOST: Type.Optional(Type.String({ description: 'Address of METRICS_PORT; that of HOST by default.' })),
  METRICS_TOKEN: Type.Optional(
    Type.String({ minLength: 16, description: 'Who asks for /metrics shows it: `Authorization: Bearer …`.' }),
  ),
};

/** The answer to `GET /metrics`. */
export interface MetricsAnswer {
  status: 200 | 401;
  contentType: string;
  body: string;
}

/**
 * Answers `GET /metrics` of a port.
 *
 * @param token that callers must show; `undefined`: none is wanted
 */
export async function answerMetrics(
  registry: Registry,
  token: string | undefined,
  authorization: string | undefined,
): Promise<MetricsAnswer> {
  if (token !== undefined && !tokensEqual(/^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '', token)) {
    const body = 'Metrics are shown for METRICS_TOKEN: send it as `Authorization: Bearer <token>`.\n';
    return { status: 401, contentType: 'text/plain; charset=utf-8', body };
  }
  return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
}

export interface MetricsServer {
  /** The port that it has. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/metrics`, and nothing else, on a port of its own.
 *
 * @throws the error of `listen`, for {@link describeListenFailure}
 */
export async function listenForScrapes(
  registry: Registry,
  { host, port, token }: { host: string; port: number; token?: string | undefined },
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    answer(registry, token, request, response).catch(() => response.destroy());
  });
  await listen(server, host, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  registry: Registry,
  token: string | undefined,
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const isKnown = url.replace(/\?.*$/s, '') === '/metrics';
  if (!isKnown || (method !== 'GET' && method !== 'HEAD')) {
    const status = isKnown ? 405 : 404;
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...(isKnown && { allow: 'GET, HEAD' }) });
    response.end('This port has GET /metrics and nothing else.\n');
    return;
  }
  const { status, contentType, body } = await answerMetrics(registry, token, headers.authorization);
  response.writeHead(status, { 'content-type': contentType, ...(status === 401 && { 'www-authenticate': 'Bearer' }) });
  response.end(method === 'HEAD' ? undefined : body);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
