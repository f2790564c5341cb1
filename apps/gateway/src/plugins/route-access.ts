import type { FastifySchema, onRequestAsyncHookHandler, RouteOptions } from 'fastify';
import type { Access } from './auth.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route; absent where it proves its callers itself, as the routes for workers do. */
    access?: Access;
  }
}

const accesses = new WeakMap<object, Access>();

/** Remembers what a guard asks for, so that it can be read off the route that it guards. */
export function markAccess(hook: onRequestAsyncHookHandler, access: Access): onRequestAsyncHookHandler {
  accesses.set(hook, access);
  return hook;
}

/** Writes the access of a route's guard into its config and into the description of the API: there tests and callers read it. */
export function declareAccess(route: Pick<RouteOptions, 'onRequest' | 'config' | 'schema'>): void {
  const hooks = [route.onRequest ?? []].flat();
  const access = hooks.map((hook) => accesses.get(hook)).find((found) => found !== undefined);
  if (!access) return;
  route.config = { ...route.config, access };
  route.schema = {
    ...route.schema,
    'x-audience': access.audience,
    ...(access.permission && { 'x-permission': access.permission }),
  } as FastifySchema;
}
