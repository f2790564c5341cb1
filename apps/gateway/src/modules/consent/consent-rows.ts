import { type ConsentSettings, type ConsentSource, DEFAULT_CONSENT_SETTINGS, type Identity } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { identityOf } from '@wa-gate/messaging';

/** How it came about that somebody leaves or comes back. */
export interface ConsentCause {
  source: ConsentSource;
  /** Who entered it; absent: the person wrote it. */
  actorName?: string | null | undefined;
  /** Internal id. */
  sessionId?: string | null | undefined;
  messageId?: string | null | undefined;
  /** What was written, or a note. */
  text?: string | null | undefined;
}

const LEAVE = {
  name: 'opt-out',
  text: `WITH left_ AS (
      INSERT INTO opt_outs (workspace_id, jid, source, session_id, message_id, note)
      SELECT $1, $2, $4, $6, $7, CASE WHEN $6::uuid IS NULL THEN $8 END
      WHERE NOT EXISTS (SELECT 1 FROM opt_outs WHERE workspace_id = $1 AND jid = ANY($3::text[]))
      ON CONFLICT DO NOTHING RETURNING jid
    ), logged AS (
      INSERT INTO consent_log (id, workspace_id, jid, action, source, actor_name, session_id, message_id, text)
      SELECT $9, $1, $2, 'out', $4, $5, $6, $7, $8 FROM left_
    )
    SELECT count(*)::int AS changed FROM left_`,
};

const COME_BACK = {
  name: 'opt-in',
  text: `WITH back AS (
      DELETE FROM opt_outs WHERE workspace_id = $1 AND jid = ANY($3::text[]) RETURNING jid
    ), logged AS (
      INSERT INTO consent_log (id, workspace_id, jid, action, source, actor_name, session_id, message_id, text)
      SELECT $9, $1, $2, 'in', $4, $5, $6, $7, $8 FROM back LIMIT 1
    )
    SELECT count(*)::int AS changed FROM back`,
};

const values = (workspaceId: string, jids: readonly string[], cause: ConsentCause): unknown[] => [
  workspaceId,
  jids[0],
  jids,
  cause.source,
  cause.actorName ?? null,
  cause.sessionId ?? null,
  cause.messageId ?? null,
  cause.text ?? null,
  newId(),
];

/**
 * A person wants no broadcasts any more. The entry of the ledger is written with it.
 *
 * @param jids all names of the person, the one that was used first
 * @returns `false`: it was so already
 */
export async function optOut(
  tx: Queryable,
  workspaceId: string,
  jids: readonly string[],
  cause: ConsentCause,
): Promise<boolean> {
  const { rows } = await tx.query<{ changed: number }>({ ...LEAVE, values: values(workspaceId, jids, cause) });
  return rows[0]!.changed > 0;
}

const LEAVE_TOGETHER = {
  name: 'opt-out-together',
  text: `WITH left_ AS (
      INSERT INTO opt_outs (workspace_id, jid, source)
      SELECT $1, g.jid, $4 FROM unnest($2::text[]) AS g(jid) ON CONFLICT DO NOTHING RETURNING jid
    ), logged AS (
      INSERT INTO consent_log (id, workspace_id, jid, action, source, actor_name)
      SELECT g.id, $1, g.jid, 'out', $4, $5 FROM unnest($2::text[], $3::uuid[]) AS g(jid, id) JOIN left_ USING (jid)
    )
    SELECT count(*)::int AS changed FROM left_`,
};
const KNOWN = {
  name: 'known-opt-outs',
  text: 'SELECT jid FROM opt_outs WHERE workspace_id = $1 AND jid = ANY($2::text[])',
};

/** The same for many. @returns those who had not opted out before, by all their names */
export async function optOutTogether(
  tx: Queryable,
  workspaceId: string,
  people: readonly (readonly string[])[],
  { source, actorName }: Pick<ConsentCause, 'source' | 'actorName'>,
): Promise<(readonly string[])[]> {
  const { rows } = await tx.query<{ jid: string }>({ ...KNOWN, values: [workspaceId, people.flat()] });
  const known = new Set(rows.map(({ jid }) => jid));
  const news = people.filter((jids) => !jids.some((jid) => known.has(jid)));
  const first = news.map((jids) => jids[0]!);
  await tx.query({
    ...LEAVE_TOGETHER,
    values: [workspaceId, first, first.map(() => newId()), source, actorName ?? null],
  });
  return news;
}

/** The other way round. @returns `false`: the person had not opted out */
export async function optIn(
  tx: Queryable,
  workspaceId: string,
  jids: readonly string[],
  cause: ConsentCause,
): Promise<boolean> {
  const { rows } = await tx.query<{ changed: number }>({ ...COME_BACK, values: values(workspaceId, jids, cause) });
  return rows[0]!.changed > 0;
}

const SETTINGS_COLUMNS = `is_active AS "isActive", opt_out_keywords AS "optOutKeywords", opt_in_keywords AS "optInKeywords",
  opt_out_reply AS "optOutReply", opt_in_reply AS "optInReply"`;

const READ_SETTINGS = {
  name: 'read-consent-settings',
  text: `SELECT ${SETTINGS_COLUMNS} FROM consent_settings WHERE workspace_id = $1`,
};

/** The settings of a workspace; the defaults, which listen to nobody, where it has none. */
export async function readConsentSettings(db: Queryable, workspaceId: string): Promise<ConsentSettings> {
  const { rows } = await db.query<ConsentSettings>({ ...READ_SETTINGS, values: [workspaceId] });
  return rows[0] ?? DEFAULT_CONSENT_SETTINGS;
}

const STORE_SETTINGS = {
  name: 'store-consent-settings',
  text: `INSERT INTO consent_settings (workspace_id, is_active, opt_out_keywords, opt_in_keywords, opt_out_reply, opt_in_reply)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (workspace_id) DO UPDATE SET is_active = excluded.is_active, opt_out_keywords = excluded.opt_out_keywords,
      opt_in_keywords = excluded.opt_in_keywords, opt_out_reply = excluded.opt_out_reply, opt_in_reply = excluded.opt_in_reply,
      updated_at = now() WHERE $7
    RETURNING workspace_id`,
};

/** @param replaces whether settings that are there are changed. Returns whether something was written. */
export async function storeConsentSettings(
  tx: Queryable,
  workspaceId: string,
  settings: ConsentSettings,
  replaces: boolean,
): Promise<boolean> {
  const { isActive, optOutKeywords, optInKeywords, optOutReply, optInReply } = settings;
  const { rowCount } = await tx.query({
    ...STORE_SETTINGS,
    values: [workspaceId, isActive, optOutKeywords, optInKeywords, optOutReply, optInReply, replaces],
  });
  return rowCount === 1;
}

/**
 * The workspace listens from now on: what came before is not looked at. A session that listens already goes on where it
 * is; so does one whose workspace listened before and ceased to, but from now.
 */
const BEGIN_LISTENING = {
  name: 'begin-listening',
  text: `INSERT INTO automation_cursors AS a (session_id, seq)
    SELECT s.id, coalesce(c.last_seq, 0) FROM sessions s LEFT JOIN session_counters c ON c.session_id = s.id WHERE s.workspace_id = $1
    ON CONFLICT (session_id) DO UPDATE SET seq = greatest(a.seq, excluded.seq) WHERE NOT $2`,
};

const LISTENS = {
  name: 'workspace-listens',
  text: `SELECT EXISTS (SELECT 1 FROM consent_settings WHERE workspace_id = $1 AND is_active)
    OR EXISTS (SELECT 1 FROM keyword_rules WHERE workspace_id = $1 AND is_active) AS listens`,
};

/** Whether messages to the workspace are looked at for keywords. */
export async function listens(tx: Queryable, workspaceId: string): Promise<boolean> {
  const { rows } = await tx.query<{ listens: boolean }>({ ...LISTENS, values: [workspaceId] });
  return rows[0]!.listens;
}

/** After a change of settings or rules. @param listenedBefore of {@link listens}, asked in the same transaction */
export async function beginListening(tx: Queryable, workspaceId: string, listenedBefore: boolean): Promise<void> {
  await tx.query({ ...BEGIN_LISTENING, values: [workspaceId, listenedBefore] });
}

/** A workspace that sends broadcasts listens to people who want none, unless it has decided about it already. */
export async function listenToKeywords(tx: Queryable, workspaceId: string): Promise<void> {
  const before = await listens(tx, workspaceId);
  const isNew = await storeConsentSettings(tx, workspaceId, { ...DEFAULT_CONSENT_SETTINGS, isActive: true }, false);
  if (isNew) await beginListening(tx, workspaceId, before);
}

/** SQL of the person behind `o.jid`. */
export const IDENTITY = `${identityOf('o.workspace_id', 'o.jid')} AS identity`;
export interface WithIdentity {
  identity: Identity;
}
