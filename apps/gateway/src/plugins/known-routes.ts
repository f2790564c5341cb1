import type { RouteOptions } from 'fastify';
import findMyWay, { type HTTPMethod } from 'find-my-way';

/** The paths of an application with the methods that each has. */
export interface KnownRoutes {
  /** For the hook `onRoute`. */
  add(route: Pick<RouteOptions, 'method' | 'url'>): void;
  /** The methods of the routes that this path belongs to, sorted; empty for a path without a route. */
  methodsOf(path: string): string[];
}

/** The route for preflights of CORS belongs to every path, so it tells nothing about one. */
const ANY_PATH = '*';

/**
 * Fastify looks a route up by its method and path together, and does not say whether the path has others. This router
 * is the same library with the same paths. It is built for the first who asks: few requests have a wrong method.
 */
export function createKnownRoutes(): KnownRoutes {
  const routes: { method: HTTPMethod; url: string }[] = [];
  let router: ReturnType<typeof build> | undefined;

  function build() {
    const made = findMyWay();
    for (const { method, url } of routes) made.on(method, url, () => undefined);
    return made;
  }

  return {
    add({ method, url }) {
      if (url === ANY_PATH) return;
      for (const one of [method].flat()) routes.push({ method: one as HTTPMethod, url });
      router = undefined;
    },
    methodsOf(path) {
      router ??= build();
      const methods = [...new Set(routes.map(({ method }) => method))].sort();
      return methods.filter((method) => router!.find(method, path) !== null);
    },
  };
}
