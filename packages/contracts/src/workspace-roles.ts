import { Type } from 'typebox';
import { oneOf } from './schema.ts';

/** The roles of members and keys in a workspace. */
export const WORKSPACE_ROLES = ['owner', 'operator', 'viewer'] as const;
export type WorkspaceRoleName = (typeof WORKSPACE_ROLES)[number];

/** The permissions: the rows of the matrix in the v2 brief, and those of files. */
export const PERMISSIONS = [
  'messages.send',
  /** Sessions, messages, statistics and usage. */
  'logs.view',
  /** List and read files. */
  'media.view',
  /** Upload and delete files. */
  'media.upload',
  'broadcasts.manage',
  /** Invite, change and remove members of the workspace. */
  'users.manage',
  'webhooks.manage',
  /** Create, link, restart and delete sessions; make and revoke keys; change the workspace. */
  'system.manage',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const NONE = Object.fromEntries(PERMISSIONS.map((permission) => [permission, false])) as Record<Permission, boolean>;

/**
 * The matrix of roles, the one table that code and tests read. Its ADMIN is the owner here (inside the workspace), its
 * USER the viewer. Only the platform role `administrator` reaches across workspaces.
 */
export const ROLE_PERMISSIONS: Record<WorkspaceRoleName, Readonly<Record<Permission, boolean>>> = {
  owner: {
    'messages.send': true,
    'logs.view': true,
    'media.view': true,
    'media.upload': true,
    'broadcasts.manage': true,
    'users.manage': true,
    'webhooks.manage': true,
    'system.manage': true,
  },
  operator: {
    ...NONE,
    'messages.send': true,
    'logs.view': true,
    'media.view': true,
    'media.upload': true,
    'broadcasts.manage': true,
  },
  viewer: { ...NONE, 'logs.view': true, 'media.view': true },
};

/** Other words for the same roles, from both briefs; accepted in requests. */
const ROLE_ALIASES: Record<string, WorkspaceRoleName> = {
  owner: 'owner',
  admin: 'owner',
  administrator: 'owner',
  operator: 'operator',
  viewer: 'viewer',
  user: 'viewer',
  customer: 'viewer',
};

/** The role of a word in a request, in any case; `undefined` for an unknown word. */
export const workspaceRoleOf = (word: string): WorkspaceRoleName | undefined => {
  const lower = word.toLowerCase();
  return Object.hasOwn(ROLE_ALIASES, lower) ? ROLE_ALIASES[lower] : undefined;
};

/** Whether the role `giver` may grant the role `given`: no role grants more than its own permissions. */
export const mayGiveRole = (giver: WorkspaceRoleName, given: WorkspaceRoleName): boolean =>
  WORKSPACE_ROLES.indexOf(giver) <= WORKSPACE_ROLES.indexOf(given);

/** A role in an answer. */
export const workspaceRole = (description?: string) => oneOf(WORKSPACE_ROLES, description);

/** A role in a request: the names and their aliases. */
export const workspaceRoleInput = (description?: string) =>
  Type.String({
    pattern: `^(?:${[...new Set(Object.keys(ROLE_ALIASES).flatMap((word) => [word, word.toUpperCase()]))].join('|')})$`,
    examples: ['operator'],
    ...(description && { description }),
  });
