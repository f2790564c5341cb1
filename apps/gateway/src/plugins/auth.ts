import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.ts';
import type { KeyStore, SessionRef } from '../modules/api-keys/index.ts';
import type { UserDirectory } from '../modules/auth/index.ts';
import { type Credential, isSameOrigin, readCredential } from './credentials.ts';

interface Common {
  userId: string;
  /** Everything the caller sees belongs to this workspace. */
  workspaceId: string;
  isAdministrator: boolean;
}

/** Who asks: a person with a token, or a program with a key. A session key reaches only its own session. */
export type Principal =
  | (Common & { kind: 'user' })
  | (Common & { kind: 'key'; keyId: string; session: SessionRef | null });

/** Hooks for routes, run before the body is read. */
export interface Guards {
  /** A person or any key. */
  caller: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** A person or a workspace key: not for session keys. */
  workspace: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** A person. */
  user: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  administrator: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
}

export interface TokenClaims {
  sub: string;
  /** Workspace. */
  ws: string;
}

export interface GuardDependencies {
  keys: KeyStore;
  users: UserDirectory;
  allowQueryKey: boolean;
  corsOrigins: string[] | true;
}

export function createGuards(app: FastifyInstance, deps: GuardDependencies): Guards {
  async function authenticate(request: FastifyRequest): Promise<Principal> {
    const credential = readCredential(request, deps.allowQueryKey);
    if (!credential) throw new ApiError('UNAUTHENTICATED');
    if (credential.fromCookie && !isSameOrigin(request, deps.corsOrigins)) {
      throw new ApiError('FORBIDDEN', { message: 'A request with the session cookie must come from the same origin.' });
    }
    const principal = credential.kind === 'jwt' ? await fromToken(credential) : await fromKey(credential);
    request.principal = principal;
    return principal;
  }

  async function fromToken({ value }: Credential): Promise<Principal> {
    const claims = verify(value);
    const user = await deps.users.find(claims.sub);
    if (!user?.isActive) throw new ApiError('UNAUTHENTICATED');
    return { kind: 'user', userId: user.id, workspaceId: claims.ws, isAdministrator: user.role === 'ADMINISTRATOR' };
  }

  function verify(token: string): TokenClaims {
    try {
      return app.jwt.verify<TokenClaims>(token);
    } catch (error) {
      const isExpired = (error as { code?: string }).code === 'FAST_JWT_EXPIRED';
      throw new ApiError(isExpired ? 'TOKEN_EXPIRED' : 'UNAUTHENTICATED');
    }
  }

  async function fromKey({ kind, value }: Credential): Promise<Principal> {
    const principal = kind === 'key' ? await deps.keys.find(value) : null;
    if (!principal) throw new ApiError('UNAUTHENTICATED');
    return principal;
  }

  return {
    async caller(request) {
      await authenticate(request);
    },
    async workspace(request) {
      const principal = await authenticate(request);
      if (principal.kind === 'key' && principal.session) {
        throw new ApiError('FORBIDDEN', {
          message:
            'A session key sends, receives and links for its session; it does not create, list or delete sessions. Use a token or a workspace key.',
        });
      }
    },
    async user(request) {
      const principal = await authenticate(request);
      if (principal.kind !== 'user')
        throw new ApiError('FORBIDDEN', { message: 'This needs a token of a user, not a key.' });
    },
    async administrator(request) {
      const principal = await authenticate(request);
      if (!principal.isAdministrator) throw new ApiError('FORBIDDEN', { message: 'This is for administrators.' });
    },
  };
}

/** The principal of a request that passed a guard. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error(`The route ${request.routeOptions.url} has no guard.`);
  return request.principal;
}
