import type { Permission } from '@wa-gate/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../http/api-error.ts';
import { isUuid } from '../http/uuid.ts';
import type { KeyStore } from '../modules/api-keys/index.ts';
import { assertAccountActive, type LiveLogins, type People } from '../modules/identities/index.ts';
import { isAllowed, type Principal } from '../principal.ts';
import type { AccessTokens } from './access-tokens.ts';
import { type Credential, isSafe, isSameOrigin, queryKeyRefused, readCredential } from './credentials.ts';
import { CSRF_HEADER, type Csrf } from './csrf.ts';
import { bucketsOfRoute, type Limiter } from './rate-limit/index.ts';
import { type Access, type Audience, declareAccess, type Guards, markAccess } from './route-access.ts';
import type { StreamTickets } from './stream-tickets.ts';

export interface GuardDependencies {
  keys: KeyStore;
  people: People;
  logins: LiveLogins;
  limiter: Limiter;
  tokens: AccessTokens;
  csrf: Csrf;
  tickets: StreamTickets;
  allowQueryKey: boolean;
  corsOrigins: string[] | true;
}

export function createGuards(app: FastifyInstance, deps: GuardDependencies): Guards {
  app.addHook('onRoute', declareAccess);

  /** A ticket stands for the credential with which it was asked for. */
  function credentialOf(request: FastifyRequest, { takesQueryKey = false, takesTicket = false }: Access) {
    const { ticket } = (request.query ?? {}) as { ticket?: unknown };
    if (!takesTicket || typeof ticket !== 'string') {
      return readCredential(request, deps.allowQueryKey || takesQueryKey);
    }
    const { credential, grant } = deps.tickets.open(ticket);
    request.grant = grant;
    return credential;
  }

  async function authenticate(request: FastifyRequest, access: Access): Promise<Principal> {
    const credential = credentialOf(request, access);
    // `?apiKey=` is for keys only: a leaked URL with a token would allow everything that its person may do.
    if (!credential || (credential.place === 'query' && credential.kind !== 'key')) {
      throw new ApiError('UNAUTHENTICATED');
    }
    const find = credential.kind === 'jwt' ? fromToken(credential) : () => fromKey(request, credential);
    const principal = await find();
    request.findCallerAgain = find;
    if (credential.place === 'cookie' && !isSafe(request)) assertNotForged(request, principal);
    request.principal = principal;
    return principal;
  }

  /** A token is valid for minutes, and the login that it is of for longer: a stream lasts as long as the login. */
  function fromToken({ value }: Credential): () => Promise<Principal> {
    const { sub, ws, sid } = deps.tokens.verify(value);
    return async () => {
      const [person, isAlive] = await Promise.all([deps.people.find(sub, ws), deps.logins.isAlive(sid)]);
      if (!person || !isAlive) throw new ApiError('UNAUTHENTICATED');
      assertAccountActive(person);
      return { ...person, kind: 'user', loginId: sid };
    };
  }

  /**
   * The same caller in the workspace of the path. A caller that is no member gets the same 404 as for an unknown id.
   */
  async function enter(request: FastifyRequest, principal: Principal): Promise<Principal> {
    const { id } = request.params as { id: string };
    if (id.toLowerCase() === principal.workspaceId) return principal;
    const isPerson = principal.kind === 'user' && isUuid(id);
    const there = isPerson ? await deps.people.find(principal.userId, id) : null;
    if (!there) throw new ApiError('WORKSPACE_NOT_FOUND');
    assertAccountActive(there);
    return { ...principal, ...there };
  }

  /** A browser attaches the cookie to requests of any page, so two proofs of the origin are required. */
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

  /**
   * The principal of the request. A request without a valid credential counts in the bucket of its address, so that
   * credentials cannot be guessed without limit.
   */
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
        // A refused request takes nothing from the buckets that the workspace shares.
        await deps.limiter.take(request, reply, caller, []);
        throw error;
      }
      await deps.limiter.take(request, reply, principal, buckets[principal.kind], { isFree });
    }, access);
  };
}

/**
 * An administrator's key is narrowed by its role and permissions too: one permission for reading and one for changing.
 */
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
