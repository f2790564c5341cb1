import {
  mayGiveRole,
  PERMISSIONS,
  type Permission,
  ROLE_PERMISSIONS,
  type WorkspaceRoleName,
  workspaceRoleOf,
} from '@wa-gate/contracts';
import { canonicalNetwork, createAddressList } from '../../http/address-list.ts';
import { ApiError } from '../../http/api-error.ts';
import type { Principal } from '../../principal.ts';

/** The powers of a key, or of its maker: what they may do, from where and until when. */
export interface KeyPowers {
  role: WorkspaceRoleName;
  /** Narrows the role; empty for all of it. */
  permissions: readonly Permission[];
  /** Empty for everywhere. */
  allowedIps: readonly string[];
  expiresAt: Date | null;
}

/** The same in a request. What is absent stays as it was. */
export interface AskedPowers {
  role?: string;
  permissions?: readonly Permission[];
  allowedIps?: readonly string[];
  expiresAt?: string | null;
}

/** Powers of a person or of the key that a request came with. */
export function powersOf(principal: Principal): KeyPowers {
  const role = principal.role.toLowerCase() as WorkspaceRoleName;
  if (principal.kind === 'user') return { role, permissions: [], allowedIps: [], expiresAt: null };
  return {
    role,
    permissions: [...(principal.permissions ?? [])],
    allowedIps: principal.allowedIps?.entries ?? [],
    expiresAt: principal.expiresAt,
  };
}

function invalid(field: string, message: string): ApiError {
  const path = `body.${field}`;
  return new ApiError('VALIDATION', {
    message: `The request is not valid: ${path} ${message}.`,
    details: { issues: [{ path, message }] },
  });
}

const tooMuch = (what: string): ApiError =>
  new ApiError('FORBIDDEN', { message: `A key cannot be given more than its maker has: ${what}.` });

const effective = ({ role, permissions }: KeyPowers): Permission[] =>
  PERMISSIONS.filter(
    (permission) =>
      ROLE_PERMISSIONS[role][permission] && (permissions.length === 0 || permissions.includes(permission)),
  );

function readPermissions(
  { permissions }: AskedPowers,
  role: WorkspaceRoleName,
  base: KeyPowers,
): readonly Permission[] {
  if (permissions) {
    const foreign = permissions.find((permission) => !ROLE_PERMISSIONS[role][permission]);
    if (foreign) throw invalid('permissions', `must be part of the role ${role}, which does not have ${foreign}`);
    return permissions;
  }
  if (base.permissions.length === 0) return [];
  // Empty would mean all of the role.
  const kept = base.permissions.filter((permission) => ROLE_PERMISSIONS[role][permission]);
  if (kept.length === 0) throw invalid('permissions', `must be said: the role ${role} has none of the present ones`);
  return kept;
}

function readExpiry({ expiresAt }: AskedPowers, base: KeyPowers, now: Date): Date | null {
  if (expiresAt === undefined) return base.expiresAt;
  if (expiresAt === null) return null;
  const date = new Date(expiresAt);
  if (Number.isNaN(date.getTime())) throw invalid('expiresAt', 'must be a point in time');
  if (date <= now) throw invalid('expiresAt', 'must be in the future');
  return date;
}

function readAddresses({ allowedIps }: AskedPowers, base: KeyPowers): readonly string[] {
  if (!allowedIps) return base.allowedIps;
  return [
    ...new Set(
      allowedIps.map((entry, position) => {
        const network = canonicalNetwork(entry);
        if (!network) throw invalid(`allowedIps.${position}`, 'must be an address or a network such as 203.0.113.0/24');
        return network;
      }),
    ),
  ];
}

/**
 * What a request asks for, on top of what there is.
 *
 * @throws {ApiError} VALIDATION
 */
export function readPowers(asked: AskedPowers, base: KeyPowers, now = new Date()): KeyPowers {
  const role = (asked.role === undefined ? undefined : workspaceRoleOf(asked.role)) ?? base.role;
  return {
    role,
    permissions: readPermissions(asked, role, base),
    allowedIps: readAddresses(asked, base),
    expiresAt: readExpiry(asked, base, now),
  };
}

/**
 * No key has more powers than its maker, in any respect. Otherwise the holder of a key could make a better one and keep
 * it.
 */
export function assertWithin(maker: KeyPowers, wanted: KeyPowers): void {
  if (!mayGiveRole(maker.role, wanted.role)) throw tooMuch(`the role ${maker.role}, not ${wanted.role}`);
  const own = effective(maker);
  const foreign = effective(wanted).find((permission) => !own.includes(permission));
  if (foreign) throw tooMuch(`not the permission ${foreign}`);
  if (maker.expiresAt && (!wanted.expiresAt || wanted.expiresAt > maker.expiresAt)) {
    throw tooMuch(`it expires at ${maker.expiresAt.toISOString()}`);
  }
  if (maker.allowedIps.length > 0) {
    const isCovered =
      wanted.allowedIps.length > 0 && createAddressList(maker.allowedIps).covers(createAddressList(wanted.allowedIps));
    if (!isCovered) throw tooMuch('it may be used from its allowed addresses only');
  }
}
