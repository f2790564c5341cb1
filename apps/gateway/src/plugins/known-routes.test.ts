import { expect, it } from 'vitest';
import { createKnownRoutes } from './known-routes.ts';

function setUp() {
  const routes = createKnownRoutes();
  routes.add({ method: ['GET', 'HEAD'], url: '/sessions' });
  routes.add({ method: 'POST', url: '/sessions' });
  routes.add({ method: 'DELETE', url: '/sessions/:id' });
  routes.add({ method: 'GET', url: '/sessions/:sessionId/qr' });
  routes.add({ method: 'GET', url: '/docs/*' });
  routes.add({ method: 'OPTIONS', url: '*' });
  return routes;
}

it.each([
  ['/sessions', ['GET', 'HEAD', 'POST']],
  ['/sessions/a', ['DELETE']],
  ['/sessions/a%20b', ['DELETE']],
  ['/sessions/a/qr', ['GET']],
  ['/docs/x/y', ['GET']],
  ['/nothing', []],
  ['/sessions/a/b', []],
])('%s has %j', (path, methods) => {
  expect(setUp().methodsOf(path)).toEqual(methods);
});

it('knows a route that is added after it was asked', () => {
  const routes = setUp();
  expect(routes.methodsOf('/late')).toEqual([]);
  routes.add({ method: 'PUT', url: '/late' });
  expect(routes.methodsOf('/late')).toEqual(['PUT']);
});
