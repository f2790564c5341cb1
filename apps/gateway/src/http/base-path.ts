import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** Where the gateway is below its host, such as `/wa`; empty at the root. Paths in answers begin with it. */
    readonly basePath: string;
  }
}

/** As clients of a proxy may write it; the router cuts the same off. */
const ORIGIN = /^https?:\/\/[^/?#]*/;
const ENDS_PATH = /^(?:$|[/?#])/;

/**
 * The URL as the one router knows it, whether or not the proxy in front has cut the base path off. Probes, workers and
 * monitors come past the proxy, without it.
 *
 * @param url of the request line: path and query
 */
export function withoutBasePath(url: string, basePath: string): string {
  if (basePath === '') return url;
  const path = url.startsWith('/') ? url : url.replace(ORIGIN, '');
  if (!path.startsWith(basePath)) return url;
  const rest = path.slice(basePath.length);
  if (!ENDS_PATH.test(rest)) return url;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The path and query of a request as its client wrote them, also where the proxy has cut the base path off. */
export function pathForClient({ originalUrl, server: { basePath } }: FastifyRequest): string {
  const path = originalUrl.replace(ORIGIN, '');
  return withoutBasePath(path, basePath) === path ? `${basePath}${path}` : path;
}
