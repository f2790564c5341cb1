import type { BucketName, Permission } from '@wa-gate/contracts';
import type { FastifySchema, onRequestAsyncHookHandler, RouteOptions } from 'fastify';

/**
 * Who may call a route.
 * - `public`: anybody
 * - `caller`: a person or any key
 * - `workspace`: a person or a workspace key, no session key
 * - `person`: no key
 * - `administrator`: a person or key of the platform's administration
 */
export type Audience = 'public' | 'caller' | 'workspace' | 'person' | 'administrator';

export interface Access {
  audience: Audience;
  /**
   * What the caller's role in the workspace must allow. Absent on routes about the caller's own account, and on those
   * for administrators.
   */
  permission?: Permission;
  /** Buckets besides those that the kind of credential brings (contracts, rate-limits). */
  limits?: readonly BucketName[];
  /** Asking is free: the bucket of the key is only shown. @default false */
  isFree?: boolean;
  /**
   * The workspace of the call: that of the credential, or the one that `{id}` of the path names. @default 'credential'
   */
  workspace?: 'credential' | 'path';
  /** A stream that browsers open without headers of their own: a session key may come as `?apiKey=`. @default false */
  takesQueryKey?: boolean;
  /** A stream that browsers open: a ticket may come as `?ticket=`, in place of a credential. @default false */
  takesTicket?: boolean;
}

/** Makes the hook of a route; it runs before the body is read. */
export type Guards = (access: Access) => onRequestAsyncHookHandler;

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

/**
 * Writes the access of a route's guard into its config and into the API description, where tests and callers read it.
 */
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
