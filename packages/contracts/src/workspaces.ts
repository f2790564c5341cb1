import { type Static, Type } from 'typebox';
import { email } from './auth.ts';
import { deletionId } from './deletions.ts';
import { PaginationSchema, pageQuery } from './paging.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';
import { PERMISSIONS, workspaceRole, workspaceRoleInput } from './workspace-roles.ts';

const uuid = (description?: string) => Type.String({ format: 'uuid', ...(description && { description }) });
const name = line({ minLength: 1, maxLength: 200, examples: ['Support team'] });

/** `{id}` of the paths. Accepts any text, so that an invalid id gets the same 404 as an unknown one. */
const id = (description: string) => Type.String({ minLength: 1, maxLength: 100, description });
const workspaceId = id('Id of the workspace.');

export const WorkspaceParamsSchema = Type.Object({ id: workspaceId });
export const MemberParamsSchema = Type.Object({
  id: workspaceId,
  userId: id('Id of the member.'),
});
export const InvitationParamsSchema = Type.Object({ id: workspaceId, invitationId: id('Id of the invitation.') });
export const InvitationTokenParamsSchema = Type.Object({
  token: Type.String({ minLength: 1, maxLength: 200, description: 'The token of the invitation.' }),
});

export const WorkspaceSchema = Type.Object({
  id: uuid(),
  name: Type.String(),
  ownerUserId: uuid('Whose tier, quota and usage count.'),
  workspaceRole: workspaceRole('What the caller may do in it.'),
  permissions: Type.Array(oneOf(PERMISSIONS), { description: 'The same, one by one.' }),
  members: Type.Integer({ description: 'How many there are.' }),
  sessions: Type.Integer({ description: 'How many there are.' }),
  createdAt: timestamp(),
});
export type Workspace = Static<typeof WorkspaceSchema>;

/** The query of all lists here. */
export const WorkspacesPageQuerySchema = Type.Object({ ...pageQuery });
export const ListWorkspacesResultSchema = Type.Object({
  workspaces: Type.Array(WorkspaceSchema),
  pagination: PaginationSchema,
});
export const WorkspaceResultSchema = Type.Object({ workspace: WorkspaceSchema });

export const WorkspaceRequestSchema = requestBody({ name }, { name: 'Support team' });

export const DeleteWorkspaceResultSchema = Type.Object({
  workspaceId: uuid(),
  deleted: Type.Literal(true),
  sessions: Type.Array(
    Type.Object({
      sessionId: Type.String(),
      unlinked: Type.Boolean({
        description: 'Whether WhatsApp was told. When false and it was linked, remove the device on the phone.',
      }),
    }),
    { description: 'Deleted with it.' },
  ),
  deletionId: Type.Optional(deletionId),
});

export const MemberSchema = Type.Object({
  userId: uuid(),
  email,
  name: Type.String(),
  role: workspaceRole(),
  isOwner: Type.Boolean({ description: 'Whose workspace it is. They cannot be removed or made less.' }),
  joinedAt: timestamp(),
});
export type Member = Static<typeof MemberSchema>;

export const ListMembersResultSchema = Type.Object({
  members: Type.Array(MemberSchema),
  pagination: PaginationSchema,
});
export const MemberResultSchema = Type.Object({ member: MemberSchema });

const roleInput = workspaceRoleInput('owner, operator or viewer; the words of both briefs mean the same roles.');

export const ChangeMemberRequestSchema = requestBody({ role: roleInput }, { role: 'viewer' });

export const RemoveMemberQuerySchema = Type.Object({
  keys: Type.Optional(
    oneOf(
      ['revoke', 'transfer'],
      'What becomes of the keys that the member has made here, whose tokens they may know: revoked (the default), or transferred to the owner of the workspace.',
    ),
  ),
});
export const RemoveMemberResultSchema = Type.Object({
  userId: uuid(),
  removed: Type.Literal(true),
  keys: Type.Object(
    { revoked: Type.Integer(), transferred: Type.Integer() },
    { description: 'How many keys that they have made here.' },
  ),
});
export type RemoveMemberResult = Static<typeof RemoveMemberResultSchema>;

export const InvitationSchema = Type.Object({
  id: uuid(),
  email,
  role: workspaceRole(),
  invitedBy: nullable(Type.String({ description: 'E-mail of who has invited.' })),
  expiresAt: timestamp(),
  createdAt: timestamp(),
});
export type Invitation = Static<typeof InvitationSchema>;

export const InviteRequestSchema = requestBody(
  { email, role: Type.Optional(roleInput) },
  { email: 'colleague@example.com', role: 'operator' },
);
export type InviteRequest = Static<typeof InviteRequestSchema>;

export const InviteResultSchema = Type.Object({
  invitation: InvitationSchema,
  token: Type.String({ description: 'For the invited person. Shown once.' }),
  mailed: Type.Boolean({ description: 'Whether it is sent by mail too.' }),
});

export const ListInvitationsResultSchema = Type.Object({
  invitations: Type.Array(InvitationSchema),
  pagination: PaginationSchema,
});
export const RevokeInvitationResultSchema = Type.Object({ invitationId: uuid(), revoked: Type.Literal(true) });

/** An invitation as the invited person sees it before joining. */
export const OpenInvitationSchema = Type.Object({
  workspace: Type.Object({ id: uuid(), name: Type.String() }),
  ...Type.Pick(InvitationSchema, ['email', 'role', 'invitedBy', 'expiresAt']).properties,
});
export type OpenInvitation = Static<typeof OpenInvitationSchema>;
export const OpenInvitationResultSchema = Type.Object({ invitation: OpenInvitationSchema });

export const AcceptInvitationResultSchema = Type.Object({
  workspace: Type.Pick(WorkspaceSchema, ['id', 'workspaceRole']),
});
