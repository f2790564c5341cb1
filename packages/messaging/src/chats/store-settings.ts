import { FENCE_MANY, FENCE_ONE, fenceParameters, type Ownership } from '@wa-gate/cluster';
import { inTransaction, isDataRefused, type Pool, type Queryable } from '@wa-gate/db';
import { identityOf, namesOf } from '../contacts/identity-sql.ts';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';
import { storableText } from '../storable-text.ts';
import {
  type NamedMessages,
  type SettingsChanges,
  type StoredAssignment,
  type StoredChatSettings,
  type StoredLabel,
  settingsAfter,
} from './settings-after.ts';
import type { SettingsCollection, SettingsPage, SharedSetting } from './shared-setting.ts';

const PROGRESS = {
  name: 'settings-progress',
  text: 'SELECT collection, version::int AS version FROM settings_progress WHERE session_id = $1 AND account = $2',
};

/** Up to which version the collections of an account were read. One that is missing was never read. */
export async function readSettingsProgress(
  db: Queryable,
  sessionId: string,
  account: string,
): Promise<Map<SettingsCollection, number>> {
  const { rows } = await db.query<{ collection: SettingsCollection; version: number }>({
    ...PROGRESS,
    values: [sessionId, account],
  });
  return new Map(rows.map(({ collection, version }) => [collection, version]));
}

/** SQL of the columns of {@link StoredChatSettings}, of a row `t` of `chat_settings`. */
export const CHAT_SETTINGS_COLUMNS = `t.is_archived AS "isArchived", (extract(epoch FROM t.pinned_at) * 1000)::float8 AS "pinnedAt",
  (extract(epoch FROM t.muted_until) * 1000)::float8 AS "mutedUntil", t.is_marked_unread AS "isMarkedUnread", t.read_up_to AS "readUpTo"`;

const NAMES = {
  name: 'names-of-chats',
  text: `SELECT i.jid AS chat, array(SELECT n.jid FROM ${namesOf('s.workspace_id', 'i.jid')} AS n(jid)) AS names
    FROM sessions s CROSS JOIN unnest($2::text[]) AS i(jid) WHERE s.id = $1`,
};
const CHATS = {
  name: 'settings-of-chats',
  text: `SELECT t.jid, ${CHAT_SETTINGS_COLUMNS} FROM chat_settings t WHERE t.session_id = $1 AND t.jid = ANY($2::text[])`,
};
const LABELS = {
  name: 'labels-of-session',
  text: `SELECT label_id AS "labelId", name, color, is_deleted AS "isDeleted" FROM wa_labels WHERE session_id = $1`,
};
const ASSIGNMENTS = {
  name: 'assignments-of-labels',
  text: `SELECT label_id AS "labelId", chat_jid AS "chatJid", wa_message_id AS "waMessageId" FROM wa_label_assignments
    WHERE session_id = $1 AND label_id = ANY($2::text[])`,
};

/** All labels of a session, those that were deleted included. */
export async function readLabels(db: Queryable, sessionId: string): Promise<StoredLabel[]> {
  return (await db.query<StoredLabel>({ ...LABELS, values: [sessionId] })).rows;
}

/** The last message of each chat up to a second, by any name of the chat. */
const LATEST = {
  name: 'latest-of-chats-up-to',
  text: `SELECT i.ord::int AS ord, (SELECT m.id FROM ${namesOf('s.workspace_id', 'i.jid')} AS n(jid)
      CROSS JOIN LATERAL (SELECT k.message_id FROM message_keys k WHERE k.session_id = s.id AND k.chat_jid = n.jid
        ORDER BY k.message_id DESC LIMIT 200) k
      JOIN messages m ON m.id = k.message_id
      WHERE i.up_to IS NULL OR coalesce(m.wa_timestamp, m.sent_at, m.created_at) < to_timestamp(i.up_to + 1)
      ORDER BY m.id DESC LIMIT 1) AS id
    FROM sessions s CROSS JOIN unnest($2::text[], $3::float8[]) WITH ORDINALITY AS i(jid, up_to, ord) WHERE s.id = $1`,
};
const BY_NAME = {
  name: 'messages-by-name-of-settings',
  text: `SELECT i.ord::int AS ord, k.message_id AS id,
      EXISTS (SELECT 1 FROM messages m WHERE m.id = k.message_id AND m.deleted_for_me_at IS NOT NULL) AS "isDeleted" FROM sessions s
      CROSS JOIN unnest($2::text[], $3::text[]) WITH ORDINALITY AS i(jid, wa_id, ord)
      CROSS JOIN LATERAL ${namesOf('s.workspace_id', 'i.jid')} AS n(jid)
      JOIN message_keys k ON k.session_id = s.id AND k.chat_jid = n.jid AND k.from_me IN (true, false) AND k.wa_message_id = i.wa_id
    WHERE s.id = $1`,
};

const RESET: Readonly<Record<SettingsCollection, readonly { name: string; text: string }[]>> = {
  regular_low: [
    {
      name: 'reset-archived-chats',
      text: `WITH ${FENCE_ONE} UPDATE chat_settings t SET is_archived = false, pinned_at = NULL, is_marked_unread = false
        FROM fence f WHERE t.session_id = f.session_id`,
    },
  ],
  regular_high: [
    {
      name: 'reset-muted-chats',
      text: `WITH ${FENCE_ONE} UPDATE chat_settings t SET muted_until = NULL FROM fence f WHERE t.session_id = f.session_id`,
    },
    {
      name: 'reset-starred-messages',
      text: `WITH ${FENCE_ONE} DELETE FROM starred_messages t USING fence f WHERE t.session_id = f.session_id`,
    },
  ],
  regular: [
    {
      name: 'reset-label-assignments',
      text: `WITH ${FENCE_ONE} DELETE FROM wa_label_assignments t USING fence f WHERE t.session_id = f.session_id`,
    },
    {
      name: 'reset-labels',
      text: `WITH ${FENCE_ONE} DELETE FROM wa_labels t USING fence f WHERE t.session_id = f.session_id`,
    },
  ],
};

/** SQL: `new_events` of `e(ord, type, data)`, with who is behind the chat. */
const NEW_EVENTS = (events: string): string => `SELECT f.session_id, f.epoch, e.ord, e.type,
      e.data || CASE WHEN e.data ? 'chat' THEN jsonb_build_object('identities', jsonb_build_object('chat', ${identityOf('s.workspace_id', 'c.jid')}))
        ELSE '{}' END AS data
    FROM fence f JOIN sessions s ON s.id = f.session_id CROSS JOIN ${events} CROSS JOIN LATERAL (SELECT e.data->>'chat' AS jid) c`;

/** Messages are locked by id and before the counter of events, as all other writers of messages do. */
const STORE = {
  name: 'store-settings',
  text: `WITH ${FENCE_MANY}, moved AS (
    INSERT INTO settings_progress AS p (session_id, collection, account, version)
    SELECT f.session_id, $3, $4, $5::bigint FROM fence f
    ON CONFLICT (session_id, collection) DO UPDATE SET account = excluded.account, version = excluded.version
  ), chats_set AS (
    INSERT INTO chat_settings AS t (session_id, jid, is_archived, pinned_at, muted_until, is_marked_unread, read_up_to)
    SELECT f.session_id, c.jid, c."isArchived", c."pinnedAt", c."mutedUntil", c."isMarkedUnread", c."readUpTo" FROM fence f
    CROSS JOIN jsonb_to_recordset($6::jsonb) AS c(jid text, "isArchived" bool, "pinnedAt" timestamptz, "mutedUntil" timestamptz,
      "isMarkedUnread" bool, "readUpTo" uuid)
    ON CONFLICT (session_id, jid) DO UPDATE SET is_archived = excluded.is_archived, pinned_at = excluded.pinned_at,
      muted_until = excluded.muted_until, is_marked_unread = excluded.is_marked_unread,
      read_up_to = greatest(t.read_up_to::text, excluded.read_up_to::text)::uuid, updated_at = now()
  ), labels_set AS (
    INSERT INTO wa_labels AS t (session_id, label_id, name, color, is_deleted)
    SELECT f.session_id, l."labelId", l.name, l.color, l."isDeleted" FROM fence f
    CROSS JOIN jsonb_to_recordset($7::jsonb) AS l("labelId" text, name text, color int, "isDeleted" bool)
    ON CONFLICT (session_id, label_id) DO UPDATE SET name = excluded.name, color = excluded.color, is_deleted = excluded.is_deleted,
      updated_at = now()
  ), assigned AS (
    INSERT INTO wa_label_assignments (session_id, label_id, chat_jid, wa_message_id)
    SELECT f.session_id, a."labelId", a."chatJid", a."waMessageId" FROM fence f
    CROSS JOIN jsonb_to_recordset($8::jsonb) AS a("labelId" text, "chatJid" text, "waMessageId" text)
    ON CONFLICT DO NOTHING
  ), unassigned AS (
    DELETE FROM wa_label_assignments t USING fence f, jsonb_to_recordset($9::jsonb) AS a("labelId" text, "chatJid" text, "waMessageId" text)
    WHERE t.session_id = f.session_id AND t.label_id = a."labelId" AND t.chat_jid = a."chatJid" AND t.wa_message_id = a."waMessageId"
  ), starred AS (
    INSERT INTO starred_messages (session_id, chat_jid, wa_message_id, from_me, starred_at)
    SELECT f.session_id, m."chatJid", m."waMessageId", m."fromMe", m."starredAt" FROM fence f
    CROSS JOIN jsonb_to_recordset($10::jsonb) AS m("chatJid" text, "waMessageId" text, "fromMe" bool, "starredAt" timestamptz)
    ON CONFLICT DO NOTHING
  ), unstarred AS (
    DELETE FROM starred_messages t USING fence f, jsonb_to_recordset($11::jsonb) AS m("chatJid" text, "waMessageId" text, "fromMe" bool)
    WHERE t.session_id = f.session_id AND t.wa_message_id = m."waMessageId" AND t.from_me = m."fromMe"
  ), to_delete AS MATERIALIZED (
    SELECT m.id, d.at FROM fence f CROSS JOIN jsonb_to_recordset($13::jsonb) AS d("messageId" uuid, at timestamptz)
    JOIN messages m ON m.id = d."messageId" AND m.session_id = f.session_id ORDER BY m.id FOR NO KEY UPDATE OF m
  ), deleted AS (
    UPDATE messages m SET deleted_for_me_at = d.at FROM to_delete d WHERE m.id = d.id
  ), new_events AS (
    ${NEW_EVENTS('(SELECT count(*) FROM to_delete) AS locked CROSS JOIN jsonb_to_recordset($12::jsonb) AS e(ord int, type text, data jsonb)')}
  ), ${APPEND_EVENTS}
  SELECT (SELECT count(*)::int FROM fence) AS owned, ${APPENDED_COLUMNS}`,
};

/**
 * What was stored. `isStale`: the session has another owner, and nothing was. `refused`: settings that PostgreSQL does
 * not take, such as a time that it cannot hold.
 */
export type SettingsStored = Appended & { isStale: boolean; refused: SharedSetting[] };

/**
 * Stores what was read of the settings that the devices of an account share, with its events and how far it was read,
 * in one transaction under the fence (I2): what a crash loses is read again. What PostgreSQL refuses is left out, so
 * that the collection goes on behind it. Only one call at a time may run for a session.
 */
export async function storeSettings(pool: Pool, owner: Ownership, told: SettingsPage): Promise<SettingsStored> {
  const page: SettingsPage = { ...told, settings: told.settings.map(storable) };
  try {
    if (!page.isFromStart) return await store(pool, owner, page);
    return await inTransaction(pool, async (tx) => {
      await reset(tx, owner, page);
      return await store(tx, owner, page);
    });
  } catch (error) {
    if (!isDataRefused(error)) throw error;
    return await inTransaction(pool, async (tx) => {
      if (page.isFromStart) await reset(tx, owner, page);
      return await storeWhatIsTaken(tx, owner, page);
    });
  }
}

const storable = (setting: SharedSetting): SharedSetting =>
  Object.fromEntries(
    Object.entries(setting).map(([key, value]) => [key, typeof value === 'string' ? storableText(value) : value]),
  ) as SharedSetting;

async function reset(db: Queryable, { sessionId, epoch }: Ownership, { collection }: SettingsPage): Promise<void> {
  for (const statement of RESET[collection]) await db.query({ ...statement, values: [sessionId, epoch] });
}

/** Halves the settings, in their order, until those that PostgreSQL refuses are alone. */
async function storeWhatIsTaken(tx: Queryable, owner: Ownership, page: SettingsPage): Promise<SettingsStored> {
  const { settings } = page;
  await tx.query('SAVEPOINT part');
  try {
    const stored = await store(tx, owner, page);
    await tx.query('RELEASE SAVEPOINT part');
    return stored;
  } catch (error) {
    if (!isDataRefused(error)) throw error;
    await tx.query('ROLLBACK TO SAVEPOINT part');
    await tx.query('RELEASE SAVEPOINT part');
    if (settings.length === 0) throw error;
  }
  if (settings.length === 1) {
    return { ...(await store(tx, owner, { ...page, settings: [] })), refused: [...settings] };
  }
  const middle = settings.length >> 1;
  const before = await storeWhatIsTaken(tx, owner, { ...page, settings: settings.slice(0, middle) });
  const after = await storeWhatIsTaken(tx, owner, { ...page, settings: settings.slice(middle) });
  return {
    events: [...before.events, ...after.events],
    webhooks: [...before.webhooks, ...after.webhooks],
    isStale: after.isStale,
    refused: [...before.refused, ...after.refused],
  };
}

async function store(db: Queryable, owner: Ownership, page: SettingsPage): Promise<SettingsStored> {
  const { collection, account, version, settings, isSilent } = page;
  const { sessionId } = owner;
  const changes = await changesOf(db, sessionId, settings);
  const { sessionIds, epochs } = fenceParameters([owner]);
  const { rows } = await db.query<Appended & { owned: number }>({
    ...STORE,
    values: [
      sessionIds,
      epochs,
      collection,
      account,
      version,
      JSON.stringify(changes.chats.map(chatRow)),
      JSON.stringify(changes.labels),
      JSON.stringify(changes.assigned),
      JSON.stringify(changes.unassigned),
      JSON.stringify(changes.starred.map((star) => ({ ...star, starredAt: new Date(star.starredAt) }))),
      JSON.stringify(changes.unstarred),
      JSON.stringify(isSilent ? [] : changes.events.map((event, ord) => ({ ord, ...event }))),
      JSON.stringify(changes.deleted.map(({ messageId, at }) => ({ messageId, at: new Date(at) }))),
    ],
  });
  return { ...readAppended(rows[0]!), isStale: rows[0]!.owned === 0, refused: [] };
}

const time = (ms: number | null) => (ms === null ? null : Number.isFinite(ms) ? new Date(ms) : 'infinity');
const chatRow = ({ pinnedAt, mutedUntil, ...chat }: StoredChatSettings) => ({
  ...chat,
  pinnedAt: time(pinnedAt),
  mutedUntil: time(mutedUntil),
});

async function changesOf(
  db: Queryable,
  sessionId: string,
  settings: readonly SharedSetting[],
): Promise<SettingsChanges> {
  const jids = [...new Set(settings.flatMap((setting) => ('chat' in setting ? [setting.chat] : [])))];
  const labelIds = [...new Set(settings.flatMap((setting) => ('labelId' in setting ? [setting.labelId] : [])))];
  const ask = async <T extends object>(
    query: { name: string; text: string },
    isNeeded: boolean,
    ...values: unknown[]
  ) => (isNeeded ? (await db.query<T>({ ...query, values: [sessionId, ...values] })).rows : []);
  const named = await ask<{ chat: string; names: string[] }>(NAMES, jids.length > 0, jids);
  const names = [...new Set(named.flatMap((chat) => chat.names))];
  const chats = await ask<StoredChatSettings>(CHATS, names.length > 0, names);
  const labels = await ask<StoredLabel>(LABELS, labelIds.length > 0);
  const assignments = await ask<StoredAssignment>(ASSIGNMENTS, labelIds.length > 0, labelIds);
  const stored = new Set([...chats.map(({ jid }) => jid), ...assignments.map(({ chatJid }) => chatJid)]);
  // A chat is told now by its number, now by its LID: it stays under the name that it has here.
  const nameOf = new Map(named.map(({ chat, names: its }) => [chat, its.find((name) => stored.has(name)) ?? chat]));
  const known = settings.map((setting) =>
    'chat' in setting && setting.kind !== 'star'
      ? { ...setting, chat: nameOf.get(setting.chat) ?? setting.chat }
      : setting,
  );
  const messages = await namedMessages(db, sessionId, known);
  return settingsAfter({ chats, labels, assignments }, known, messages, Date.now());
}

async function namedMessages(
  db: Queryable,
  sessionId: string,
  settings: readonly SharedSetting[],
): Promise<NamedMessages> {
  const upTo = settings.filter((setting) => 'upTo' in setting);
  const named = settings.flatMap((setting) =>
    (setting.kind === 'labelled' || setting.kind === 'deletion') && setting.waMessageId !== null
      ? [{ chat: setting.chat, waMessageId: setting.waMessageId }]
      : [],
  );
  const latest = new Map<string, string | null>();
  const ids = new Map<string, string>();
  const deleted = new Set<string>();
  if (upTo.length > 0) {
    const { rows } = await db.query<{ ord: number; id: string | null }>({
      ...LATEST,
      values: [sessionId, upTo.map(({ chat }) => chat), upTo.map((setting) => setting.upTo)],
    });
    for (const { ord, id } of rows) latest.set(`${upTo[ord - 1]!.chat} ${upTo[ord - 1]!.upTo}`, id);
  }
  if (named.length > 0) {
    const { rows } = await db.query<{ ord: number; id: string; isDeleted: boolean }>({
      ...BY_NAME,
      values: [sessionId, named.map(({ chat }) => chat), named.map(({ waMessageId }) => waMessageId)],
    });
    for (const { ord, id, isDeleted } of rows) {
      ids.set(`${named[ord - 1]!.chat} ${named[ord - 1]!.waMessageId}`, id);
      if (isDeleted) deleted.add(id);
    }
  }
  return {
    latest: (chat, seconds) => latest.get(`${chat} ${seconds}`) ?? null,
    idOf: (chat, waMessageId) => ids.get(`${chat} ${waMessageId}`),
    isDeleted: (messageId) => deleted.has(messageId),
  };
}

/** Messages that another device of the account has read. */
export interface ChatRead extends Ownership {
  chatJid: string;
  waMessageIds: readonly string[];
}

const READS = {
  name: 'store-chat-reads',
  text: `WITH ${FENCE_MANY}, came AS (
    SELECT i.session_id, i.chat_jid, i.wa_message_id, s.workspace_id
    FROM unnest($3::uuid[], $4::text[], $5::text[]) AS i(session_id, chat_jid, wa_message_id)
    JOIN fence USING (session_id) JOIN sessions s ON s.id = i.session_id
  ), found AS (
    SELECT c.session_id, coalesce(min(t.jid), c.chat_jid) AS chat_jid, max(k.message_id::text)::uuid AS message_id FROM came c
    CROSS JOIN LATERAL ${namesOf('c.workspace_id', 'c.chat_jid')} AS n(jid)
    JOIN message_keys k ON k.session_id = c.session_id AND k.chat_jid = n.jid AND NOT k.from_me AND k.wa_message_id = c.wa_message_id
    LEFT JOIN LATERAL (SELECT t.jid FROM ${namesOf('c.workspace_id', 'c.chat_jid')} AS o(jid)
      JOIN chat_settings t ON t.session_id = c.session_id AND t.jid = o.jid) t ON true
    GROUP BY c.session_id, c.chat_jid
  ), marked AS (
    INSERT INTO chat_settings AS t (session_id, jid, read_up_to) SELECT session_id, chat_jid, max(message_id::text)::uuid FROM found
    GROUP BY session_id, chat_jid
    ON CONFLICT (session_id, jid) DO UPDATE SET read_up_to = excluded.read_up_to
    WHERE t.read_up_to IS NULL OR t.read_up_to < excluded.read_up_to
    RETURNING session_id, jid, read_up_to
  ), new_events AS (
    SELECT m.session_id, f.epoch, row_number() OVER (ORDER BY m.read_up_to) AS ord, 'chat.read' AS type,
      jsonb_build_object('chat', m.jid, 'messageId', m.read_up_to,
        'identities', jsonb_build_object('chat', ${identityOf('s.workspace_id', 'm.jid')})) AS data
    FROM marked m JOIN fence f USING (session_id) JOIN sessions s ON s.id = m.session_id
  ), ${APPEND_EVENTS}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned, ${APPENDED_COLUMNS}`,
};

/** Notes what other devices of accounts have read, with events, under the fence (I2). */
export async function storeChatReads(
  db: Queryable,
  reads: readonly ChatRead[],
): Promise<Appended & { stale: string[] }> {
  const { sessionIds, epochs } = fenceParameters(reads);
  const each = reads.flatMap((read) => read.waMessageIds.map((waMessageId) => ({ ...read, waMessageId })));
  const { rows } = await db.query<Appended & { owned: string[] }>({
    ...READS,
    values: [
      sessionIds,
      epochs,
      each.map(({ sessionId }) => sessionId),
      each.map(({ chatJid }) => chatJid),
      each.map(({ waMessageId }) => waMessageId),
    ],
  });
  const owned = new Set(rows[0]!.owned);
  return { ...readAppended(rows[0]!), stale: sessionIds.filter((sessionId) => !owned.has(sessionId)) };
}
