import {
  type ChangeNoticeSettingsRequest,
  type NoticeKind,
  WORKSPACE_NOTICES,
  type WorkspaceRoleName,
} from '@wa-gate/contracts';
import type { Queryable, WorkspaceRole } from '@wa-gate/db';

/** What a workspace wants, with defaults for what it has not set. */
export interface StoredNoticeSettings {
  /** `null`: the delay of the installation. */
  delaySeconds: number | null;
  kinds: NoticeKind[];
  roles: WorkspaceRoleName[];
  ends: boolean;
}

interface Row {
  delaySeconds: number | null;
  mutedKinds: string[];
  roles: WorkspaceRole[];
  ends: boolean;
}

const DEFAULTS: Row = { delaySeconds: null, mutedKinds: [], roles: ['OWNER'], ends: false };

const COLUMNS = `delay_seconds AS "delaySeconds", muted_kinds AS "mutedKinds", roles::text[] AS roles, mails_ends AS ends`;

const READ = {
  name: 'notice-settings',
  text: `SELECT ${COLUMNS} FROM notice_settings WHERE workspace_id = $1`,
};
const WRITE = {
  name: 'write-notice-settings',
  text: `INSERT INTO notice_settings (workspace_id, delay_seconds, muted_kinds, roles, mails_ends)
    VALUES ($1, $2, $3, $4::text[]::"WorkspaceRole"[], $5)
    ON CONFLICT (workspace_id) DO UPDATE SET delay_seconds = excluded.delay_seconds, muted_kinds = excluded.muted_kinds,
      roles = excluded.roles, mails_ends = excluded.mails_ends, updated_at = now()`,
};

export async function readNoticeSettings(db: Queryable, workspaceId: string): Promise<StoredNoticeSettings> {
  const { rows } = await db.query<Row>({ ...READ, values: [workspaceId] });
  const { delaySeconds, mutedKinds, roles, ends } = rows[0] ?? DEFAULTS;
  return {
    delaySeconds,
    kinds: WORKSPACE_NOTICES.filter((kind) => !mutedKinds.includes(kind)),
    roles: roles.map((role) => role.toLowerCase() as WorkspaceRoleName),
    ends,
  };
}

/** Replaces what the change names, and returns what holds then. */
export async function changeNoticeSettings(
  tx: Queryable,
  workspaceId: string,
  before: StoredNoticeSettings,
  change: ChangeNoticeSettingsRequest,
): Promise<StoredNoticeSettings> {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const after: StoredNoticeSettings = { ...before, ...given };
  const muted = WORKSPACE_NOTICES.filter((kind) => !after.kinds.includes(kind));
  const roles = after.roles.map((role) => role.toUpperCase());
  await tx.query({ ...WRITE, values: [workspaceId, after.delaySeconds, muted, roles, after.ends] });
  return after;
}
