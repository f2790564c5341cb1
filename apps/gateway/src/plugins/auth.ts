import { type BucketName, type Permission, ROLE_PERMISSIONS, type WorkspaceRoleName } from '@wa-gate/contracts';
import type { UserTier, WorkspaceRole } from '@wa-gate/db';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { AddressList } from '../address-list.ts';
import { ApiError } from '../api-error.ts';
import { assertAccountActive, type LiveLogins, type People } from '../modules/access/index.ts';
import type { KeyStore, SessionRef } from '../modules/api-keys/index.ts';
import { isUuid } from '../uuid.ts';
import type { AccessTokens } from './access-tokens.ts';
import { type Credential, isSafe, isSameOrigin, queryKeyRefused, readCredential } from './credentials.ts';
import { CSRF_HEADER, type Csrf } from './csrf.ts';
import { bucketsOfRoute, type Limiter } from './rate-limit/index.ts';
import { declareAccess, markAccess } from './route-access.ts';

interface Common {
  userId: string;
  /** Everything the caller sees belongs to this workspace. */
  workspaceId: string;
  /** Owner of the workspace: the account whose tier, quota and usage count. */
  accountId: string;
  tier: UserTier;
  /** What the caller may do in the workspace. */
  role: WorkspaceRole;
  /** Of the platform, over all workspaces. */
  isAdministrator: boolean;
}

/** A person with a token. */
export interface UserPrincipal extends Common {
  kind: 'user';
  email: string;
  /** The login that the token is of. */
  loginId: string;
}

/** A program with a key. A session key reaches only its own session. */
export interface KeyPrincipal extends Common {
  kind: 'key';
  keyId: string;
  name: string;
  session: SessionRef | null;
  /** Narrows the role; null for all of it. */
  permissions: ReadonlySet<Permission> | null;
  /** Addresses and networks it may be used from; null for all. */
  allowedIps: AddressList | null;
  expiresAt: Date | null;
}

/** Who asks. */
export type Principal = UserPrincipal | KeyPrincipal;

/**
 * Who may call a route. `public`: anybody. `caller`: a person or any key. `workspace`: a person or a workspace key, no session key. `person`: no key.
 * `administrator`: a person or key of the platform's administration.
 */
export type Audience = 'public' | 'caller' | 'workspace' | 'person' | 'administrator';

export interface Access {
  audience: Audience;
  /** What the caller's role in the workspace must allow. Routes without it are about the caller's own person, or for administrators. */
  permission?: Permission;
  /** Buckets besides those that the kind of credential brings (contracts, rate-limits). */
  limits?: readonly BucketName[];
  /** Asking is free: the bucket of the key is only shown. @default false */
  isFree?: boolean;
  /** In which workspace the caller acts: the one of the credential, or the one that `{id}` of the path names. @default 'credential' */
  workspace?: 'credential' | 'path';
  /** A stream, which browsers open without headers of their own: a session key may come as `?apiKey=`. @default false */
  takesQueryKey?: boolean;
}

/** Makes the hook of a route; it runs before the body is read. */
export type Guards = (access: Access) => onRequestAsyncHookHandler;

export interface GuardDependencies {
  keys: KeyStore;
  people: People;
  logins: LiveLogins;
  limiter: Limiter;
  tokens: AccessTokens;
  csrf: Csrf;
  allowQueryKey: boolean;
  corsOrigins: string[] | true;
}

/** Whether the caller's role, narrowed by its key, allows this in the caller's workspace. */
export function isAllowed(principal: Principal, permission: Permission): boolean {
  if (principal.kind === 'key' && principal.permissions && !principal.permissions.has(permission)) return false;
  return ROLE_PERMISSIONS[principal.role.toLowerCase() as WorkspaceRoleName][permission];
}

export function createGuards(app: FastifyInstance, deps: GuardDependencies): Guards {
  app.addHook('onRoute', declareAccess);

  async function authenticate(request: FastifyRequest, { takesQueryKey = false }: Access): Promise<Principal> {
    const credential = readCredential(request, deps.allowQueryKey || takesQueryKey);
    // `?apiKey=` is for keys: a token in a URL would be good for everything its person may do.
    if (!credential || (credential.place === 'query' && credential.kind !== 'key')) {
      throw new ApiError('UNAUTHENTICATED');
    }
    const principal = credential.kind === 'jwt' ? await fromToken(credential) : await fromKey(request, credential);
    if (credential.place === 'cookie' && !isSafe(request)) assertNotForged(request, principal);
    request.principal = principal;
    return principal;
  }

  async function fromToken({ value }: Credential): Promise<Principal> {
    const { sub, ws, sid } = deps.tokens.verify(value);
    const [person, isAlive] = await Promise.all([deps.people.find(sub, ws), deps.logins.isAlive(sid)]);
    if (!person || !isAlive) throw new ApiError('UNAUTHENTICATED');
    assertAccountActive(person);
    return { ...person, kind: 'user', loginId: sid };
  }

  /** The same caller in the workspace of the path. To strangers it is as if there were none. */
  async function enter(request: FastifyRequest, principal: Principal): Promise<Principal> {
    const { id } = request.params as { id: string };
    if (id.toLowerCase() === principal.workspaceId) return principal;
    const isPerson = principal.kind === 'user' && isUuid(id);
    const there = isPerson ? await deps.people.find(principal.userId, id) : null;
    if (!there) throw new ApiError('WORKSPACE_NOT_FOUND');
    assertAccountActive(there);
    return { ...principal, ...there };
  }

  /** A browser sends its cookie by itself, whoever made it send the request: two proofs that it was a page of ours. */
  function assertNotForged(request: FastifyRequest, principal: Principal): void {
    const isOurs =
      principal.kind === 'user' &&
      isSameOrigin(request, deps.corsOrigins) &&
      deps.csrf.verify(request.headers[CSRF_HEADER], principal.loginId);
    if (!isOurs) throw new ApiError('CSRF');
  }

  async function fromKey(request: FastifyRequest, { kind, value, place }: Credential): Promise<Principal> {
    const principal = kind === 'key' ? await deps.keys.find(value, request.ip) : null;
    if (!principal) throw new ApiError('UNAUTHENTICATED');
    if (place === 'query' && !deps.allowQueryKey && !principal.session) throw queryKeyRefused();
    return principal;
  }

  /** Who asks. A request that cannot prove it is counted by its address: nobody guesses for ever. */
  async function identify(request: FastifyRequest, reply: FastifyReply, access: Access): Promise<Principal> {
    try {
      return await authenticate(request, access);
    } catch (error) {
      if (error instanceof ApiError) await deps.limiter.take(request, reply, null, ['ip']);
      throw error;
    }
  }

  /** The caller as they may act here. */
  async function admit(request: FastifyRequest, caller: Principal, access: Access): Promise<Principal> {
    const { audience } = access;
    assertAudience(caller, audience);
    const permission = access.permission ?? permissionOfKey(request, caller, audience);
    const principal = access.workspace === 'path' ? await enter(request, caller) : caller;
    request.principal = principal;
    if (permission && !isAllowed(principal, permission)) {
      throw new ApiError('FORBIDDEN', {
        message: `This needs the permission \`${permission}\`, which the role ${principal.role.toLowerCase()} or this key does not have.`,
      });
    }
    return principal;
  }

  return (access) => {
    const { audience, limits, isFree = false } = access;
    const buckets = bucketsOfRoute(limits);
    return markAccess(async (request, reply) => {
      if (audience === 'public') return await deps.limiter.take(request, reply, null, buckets.nobody);
      const caller = await identify(request, reply, access);
      let principal: Principal;
      try {
        principal = await admit(request, caller, access);
      } catch (error) {
        // What is refused uses up nothing that others in the workspace need.
        await deps.limiter.take(request, reply, caller, []);
        throw error;
      }
      await deps.limiter.take(request, reply, principal, buckets[principal.kind], { isFree });
    }, access);
  };
}

/** A key of the administration is narrowed there too by its role and permissions: the same two for seeing and for changing. */
function permissionOfKey(request: FastifyRequest, caller: Principal, audience: Audience): Permission | undefined {
  if (audience !== 'administrator' || caller.kind !== 'key') return undefined;
  return isSafe(request) ? 'logs.view' : 'system.manage';
}

function assertAudience(principal: Principal, audience: Audience): void {
  if (audience === 'workspace' && principal.kind === 'key' && principal.session) {
    throw new ApiError('FORBIDDEN', {
      message: 'A session key works for its session only. Use a token or a workspace key.',
    });
  }
  if (audience === 'person' && principal.kind !== 'user') {
    throw new ApiError('FORBIDDEN', { message: 'This needs a token of a user, not a key.' });
  }
  if (audience === 'administrator' && !principal.isAdministrator) {
    throw new ApiError('FORBIDDEN', { message: 'This is for administrators.' });
  }
}

/** The principal of a request that passed a guard. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error(`The route ${request.routeOptions.url} has no guard.`);
  return request.principal;
}
