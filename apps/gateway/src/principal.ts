import { type Permission, ROLE_PERMISSIONS, type WorkspaceRoleName } from '@wa-gate/contracts';
import type { Network, UserTier, WorkspaceRole } from '@wa-gate/db';
import type { FastifyRequest } from 'fastify';
import type { AddressList } from './http/address-list.ts';

/** What the rest of the gateway needs to know of a session to reach it. */
export interface SessionRef {
  id: string;
  slug: string;
  network: Network;
  workspaceId: string;
}

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

/** The caller of a request. */
export type Principal = UserPrincipal | KeyPrincipal;

/** Whether the caller's role, narrowed by its key, allows this in the caller's workspace. */
export function isAllowed(principal: Principal, permission: Permission): boolean {
  if (principal.kind === 'key' && principal.permissions && !principal.permissions.has(permission)) return false;
  return ROLE_PERMISSIONS[principal.role.toLowerCase() as WorkspaceRoleName][permission];
}

/** The principal of a request that passed a guard. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error(`The route ${request.routeOptions.url} has no guard.`);
  return request.principal;
}
