import type { ChangeNoticeSettingsRequest, Notice, NoticeSettings } from '@wa-gate/contracts';
import { inTransaction, type Pool } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import { type Actor, changedFields, writeAudit } from '../audit/index.ts';
import { INCIDENT_COLUMNS, INCIDENT_TABLES, type Incident } from './incident.ts';
import { changeNoticeSettings, readNoticeSettings, type StoredNoticeSettings } from './notice-settings.ts';
import { noticeText } from './notice-text.ts';
import { recipientsOf } from './recipients.ts';

export interface NoticesDependencies {
  pool: Pool;
  /** Whether this installation sends mails. */
  isMailOn: boolean;
  /** Of workspaces that have not set their own. */
  defaultDelaySeconds: number;
  publicUrl: string | undefined;
}

export interface NoticesPage {
  notices: Notice[];
  nextCursor: string | null;
}

export interface NoticesQuery {
  cursor?: string | undefined;
  limit: number;
  /** Only those that go on, or only those that are over. */
  open?: boolean | undefined;
}

/** What was told about sessions and the installation, and who is told. */
export interface NoticesService {
  /** Newest first; of a workspace, or for administrators those of the installation. */
  list(of: { workspaceId: string } | 'administrators', query: NoticesQuery): Promise<NoticesPage>;
  settings(workspaceId: string): Promise<NoticeSettings>;
  change(actor: Actor, workspaceId: string, change: ChangeNoticeSettingsRequest): Promise<NoticeSettings>;
  /** Whether a member wants the mails of the workspace. */
  subscribe(actor: Actor, member: { workspaceId: string; userId: string }, mail: boolean): Promise<void>;
  /** Whether an administrator wants the mails about the installation. */
  subscribeAdministrator(actor: Actor, userId: string, mail: boolean): Promise<void>;
}

const MAIL_OFF = 'This installation sends no mail: the operator sets SMTP_HOST (or MAIL_DIR) for it.';

export function createNoticesService(deps: NoticesDependencies): NoticesService {
  const { pool, isMailOn, defaultDelaySeconds, publicUrl } = deps;

  function present(incident: Incident): Notice {
    const { id, kind, slug, subject, beganAt, toldAt, mails, endedAt, isResolved } = incident;
    const { reason, action, link } = noticeText(incident, publicUrl);
    return {
      id,
      kind,
      subject: slug ?? subject,
      since: beganAt.toISOString(),
      toldAt: toldAt?.toISOString() ?? null,
      mails,
      endedAt: endedAt?.toISOString() ?? null,
      resolved: isResolved,
      reason,
      action,
      link,
    };
  }

  async function complete(workspaceId: string, stored: StoredNoticeSettings): Promise<NoticeSettings> {
    const { delaySeconds, kinds, roles, ends } = stored;
    const recipients = await recipientsOf(pool, workspaceId, roles);
    return {
      delaySeconds: delaySeconds ?? defaultDelaySeconds,
      kinds: kinds as NoticeSettings['kinds'],
      roles,
      ends,
      mail: { on: isMailOn, reason: isMailOn ? null : MAIL_OFF },
      recipients: recipients.map(({ userId, email, reason }) => ({
        userId,
        email,
        mailed: isMailOn && reason === null,
        reason: reason ?? (isMailOn ? null : MAIL_OFF),
      })),
    };
  }

  return {
    async list(of, { cursor, limit, open }) {
      if (cursor !== undefined && !isUuid(cursor)) {
        throw new ApiError('VALIDATION', {
          message: 'The cursor is not valid: use `pagination.nextCursor` of the page before.',
        });
      }
      const { rows } = await pool.query<Incident>(
        `SELECT ${INCIDENT_COLUMNS} FROM ${INCIDENT_TABLES}
         WHERE CASE WHEN $1::uuid IS NULL THEN i.workspace_id IS NULL OR i.kind = 'webhook_off' ELSE i.workspace_id = $1 END
           AND ($2::uuid IS NULL OR i.id < $2) AND ($3::bool IS NULL OR (i.ended_at IS NULL) = $3)
         ORDER BY i.id DESC LIMIT $4`,
        [of === 'administrators' ? null : of.workspaceId, cursor ?? null, open ?? null, limit + 1],
      );
      const page = rows.slice(0, limit);
      return { notices: page.map(present), nextCursor: rows.length > limit ? page.at(-1)!.id : null };
    },
    settings: async (workspaceId) => complete(workspaceId, await readNoticeSettings(pool, workspaceId)),
    async change(actor, workspaceId, change) {
      const after = await inTransaction(pool, async (tx) => {
        // One change after the other: each replaces the whole row.
        await tx.query('SELECT 1 FROM workspaces WHERE id = $1 FOR NO KEY UPDATE', [workspaceId]);
        const before = await readNoticeSettings(tx, workspaceId);
        const changed = await changeNoticeSettings(tx, workspaceId, before, change);
        await writeAudit(tx, actor, {
          action: 'notices.updated',
          resourceType: 'notices',
          resourceId: workspaceId,
          workspaceId,
          ...changedFields({ ...before }, { ...changed }),
        });
        return changed;
      });
      return await complete(workspaceId, after);
    },
    subscribe: (actor, { workspaceId, userId }, mail) =>
      inTransaction(pool, async (tx) => {
        const { rowCount } = await tx.query(
          'UPDATE workspace_members SET notices = $3 WHERE workspace_id = $1 AND user_id = $2',
          [workspaceId, userId, mail],
        );
        if (rowCount === 0) throw new ApiError('WORKSPACE_NOT_FOUND');
        await writeAudit(tx, actor, {
          action: 'notices.subscribed',
          resourceType: 'notices',
          resourceId: workspaceId,
          workspaceId,
          after: { mail },
        });
      }),
    subscribeAdministrator: (actor, userId, mail) =>
      inTransaction(pool, async (tx) => {
        await tx.query('UPDATE users SET notices = $2 WHERE id = $1', [userId, mail]);
        await writeAudit(tx, actor, {
          action: 'notices.subscribed',
          resourceType: 'notices',
          workspaceId: null,
          after: { mail },
        });
      }),
  };
}
