import type { WorkspaceRoleName } from '@wa-gate/contracts';
import type { Queryable, UserRole, WorkspaceRole } from '@wa-gate/db';

/** A member of a workspace, as somebody who may be mailed to. */
export interface Recipient {
  userId: string;
  email: string;
  /** Why no mail goes there; `null`: it does. */
  reason: string | null;
}

interface Row {
  userId: string;
  email: string;
  role: WorkspaceRole;
  platformRole: UserRole;
  isActive: boolean;
  isVerified: boolean;
  wantsNotices: boolean;
}

const MEMBERS = {
  name: 'notice-members',
  text: `SELECT u.id AS "userId", u.email, m.role, u.role AS "platformRole", u.is_active AS "isActive",
      u.email_verified_at IS NOT NULL AS "isVerified", m.notices AS "wantsNotices"
    FROM workspace_members m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 ORDER BY m.created_at, u.id`,
};
const ADMINISTRATORS = {
  name: 'notice-administrators',
  text: `SELECT email FROM users WHERE role = 'ADMINISTRATOR' AND is_active AND notices ORDER BY id`,
};

/**
 * Names of sessions are in the mails: an address that nobody has proved may be a stranger's, whom somebody wants to
 * reach. Administrators are made by the operator.
 */
function whyNot(row: Row, roles: readonly WorkspaceRoleName[]): string | null {
  if (!row.isActive) return 'The account is deactivated.';
  if (!roles.includes(row.role.toLowerCase() as WorkspaceRoleName))
    return 'The settings do not name the role of this member.';
  if (!row.wantsNotices) return 'This member does not want the mails.';
  if (!row.isVerified && row.platformRole !== 'ADMINISTRATOR')
    return 'The address is not confirmed: ask for the mail with POST /api/auth/verify-email/resend.';
  return null;
}

/** The members of a workspace, and why they get no mail where they get none. */
export async function recipientsOf(
  db: Queryable,
  workspaceId: string,
  roles: readonly WorkspaceRoleName[],
): Promise<Recipient[]> {
  const { rows } = await db.query<Row>({ ...MEMBERS, values: [workspaceId] });
  return rows.map((row) => ({ userId: row.userId, email: row.email, reason: whyNot(row, roles) }));
}

/** Addresses of the administrators who want the mails about the installation. */
export async function administratorAddresses(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ email: string }>(ADMINISTRATORS);
  return rows.map(({ email }) => email);
}
