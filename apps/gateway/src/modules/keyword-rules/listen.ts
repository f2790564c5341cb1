import { type ConsentSettings, type OutboundRequest, RULE_LIMITS, type SessionEvent } from '@wa-gate/contracts';
import { inTransaction, type Pool, type PoolClient, type Queryable } from '@wa-gate/db';
import { type Appended, acceptMessage, appendControlEvent } from '@wa-gate/messaging';
import { optIn, optOut, readConsentSettings } from '../consent/index.ts';
import { readPeople } from '../contacts/index.ts';
import { answerOf, chooseRule, consentOf, type Heard } from './choose-rule.ts';
import { fold } from './fold.ts';
import type { Match } from './match-rule.ts';
import { replyIds } from './reply-ids.ts';
import { type RuleRow, readActiveRules } from './rule-rows.ts';

/** What one look at the messages of a session has done. */
export interface Listened {
  /** There may be more to look at. */
  hasMore: boolean;
  /** Something is new in the outbox of the session. */
  hasAnswered: boolean;
  appended: Appended[];
  workspaceId: string;
  /** All names of people who have just left. */
  left: string[];
}

/** Events of one transaction. */
const BITE = 200;
const LIMITS = { idleMs: 5_000, lockMs: 3_000 };

const TAKE = {
  name: 'take-automation-cursor',
  text: `SELECT a.seq, s.workspace_id AS "workspaceId" FROM automation_cursors a JOIN sessions s ON s.id = a.session_id
    WHERE a.session_id = $1 FOR UPDATE OF a SKIP LOCKED`,
};

const HEARD = {
  name: 'events-for-keywords',
  text: `SELECT seq, type, data, created_at AS "createdAt" FROM events WHERE session_id = $1 AND seq > $2 ORDER BY seq LIMIT ${BITE}`,
};

const MOVE = { name: 'move-automation-cursor', text: 'UPDATE automation_cursors SET seq = $2 WHERE session_id = $1' };

/** A workspace that listens to nothing any more: its sessions are not looked at. */
const FORGET = { name: 'forget-automation-cursor', text: 'DELETE FROM automation_cursors WHERE session_id = $1' };

/** Accounts of the workspace itself: two of them that answer each other would go on for ever. */
const OWN_ACCOUNTS = {
  name: 'own-accounts',
  text: 'SELECT phone_number AS "phoneNumber", lid FROM sessions WHERE workspace_id = $1 AND phone_number IS NOT NULL',
};

interface EventRow {
  seq: number;
  type: string;
  data: ReceivedData;
  createdAt: Date;
}

/** What is used of `message.received`. */
interface ReceivedData {
  messageId: string;
  waMessageId: string;
  chat: string;
  from: string;
  fromMe: boolean;
  type: string;
  text?: string;
  senderName?: string;
  timestamp: number;
  identities?: {
    chat?: PersonOfEvent;
    from?: PersonOfEvent;
  };
}

interface PersonOfEvent {
  contactId: string | null;
  phoneNumber: string | null;
  lid: string | null;
  name: string | null;
}

const isChat = (jid: string): boolean => /@(?:s\.whatsapp\.net|lid|g\.us)$/.test(jid);

/**
 * Looks at the messages that came to a session since the last look, and does what keywords ask for: in one transaction
 * with the cursor, so that each message is answered once, whatever dies in between. Another process may do the same;
 * one has the cursor.
 */
export async function listenToSession(pool: Pool, sessionId: string): Promise<Listened | null> {
  return await inTransaction(
    pool,
    async (tx) => {
      const { rows } = await tx.query<{ seq: number; workspaceId: string }>({ ...TAKE, values: [sessionId] });
      const [cursor] = rows;
      if (!cursor) return null;
      const { workspaceId } = cursor;
      const { rows: events } = await tx.query<EventRow>({ ...HEARD, values: [sessionId, cursor.seq] });
      const last = events.at(-1);
      if (!last) return null;
      const settings = await readConsentSettings(tx, workspaceId);
      const rules = await readActiveRules(tx, workspaceId);
      const done: Listened = {
        hasMore: events.length === BITE,
        hasAnswered: false,
        appended: [],
        workspaceId,
        left: [],
      };
      if (!settings.isActive && rules.length === 0) {
        await tx.query({ ...FORGET, values: [sessionId] });
        return { ...done, hasMore: false };
      }
      const messages = events.filter(({ type, data }) => isToHear(type, data));
      const own = messages.length > 0 ? await readOwnAccounts(tx, workspaceId) : new Set<string>();
      const told: Told[] = [];
      for (const { data, createdAt } of messages) {
        const { from } = data.identities ?? {};
        if (own.has(from?.phoneNumber ?? '') || own.has(from?.lid ?? '') || own.has(data.from)) continue;
        await hear(tx, { sessionId, workspaceId, settings, rules, data, createdAt, done, told });
      }
      await tx.query({ ...MOVE, values: [sessionId, last.seq] });
      // At the end: from here to the commit the owner cannot append to this session.
      for (const event of told) done.appended.push(await appendControlEvent(tx, { sessionId, ...event }));
      return done;
    },
    LIMITS,
  );
}

type Told = Extract<SessionEvent, { type: 'keyword.matched' }>;

function isToHear(type: string, data: ReceivedData): boolean {
  if (type !== 'message.received' && type !== 'message.recovered') return false;
  return !data.fromMe && typeof data.text === 'string' && data.text !== '' && isChat(data.chat);
}

async function readOwnAccounts(tx: Queryable, workspaceId: string): Promise<Set<string>> {
  const { rows } = await tx.query<{ phoneNumber: string; lid: string | null }>({
    ...OWN_ACCOUNTS,
    values: [workspaceId],
  });
  return new Set(rows.flatMap(({ phoneNumber, lid }) => [phoneNumber, ...(lid === null ? [] : [lid])]));
}

interface Hearing {
  sessionId: string;
  workspaceId: string;
  settings: ConsentSettings;
  rules: readonly RuleRow[];
  data: ReceivedData;
  createdAt: Date;
  done: Listened;
  told: Told[];
}

async function hear(tx: PoolClient, hearing: Hearing): Promise<void> {
  const { data, settings, rules, sessionId, createdAt } = hearing;
  const heard: Heard = { text: data.text!, isGroup: data.chat.endsWith('@g.us'), sessionId, at: createdAt };
  const consent = consentOf(settings, heard);
  if (consent !== null && (await changeConsent(tx, hearing, consent))) return;
  const age = (createdAt.getTime() - data.timestamp * 1_000) / 1_000;
  if (age > RULE_LIMITS.maxAgeSeconds) return;
  const chosen = chooseRule(rules, heard);
  if (chosen) await fire(tx, hearing, chosen.rule, chosen.found);
}

/** @returns `false`: it was no word of consent after all, because the person had not left */
async function changeConsent(tx: PoolClient, hearing: Hearing, consent: 'out' | 'in'): Promise<boolean> {
  const { data, settings, sessionId, workspaceId, done } = hearing;
  const person = (await readPeople(tx, workspaceId, [data.chat])).get(data.chat)!;
  const cause = { source: 'keyword', sessionId, messageId: data.messageId, text: data.text!.slice(0, 500) } as const;
  const change = consent === 'out' ? optOut : optIn;
  const hasChanged = await change(tx, workspaceId, person.jids, cause);
  if (!hasChanged) return consent === 'out';
  if (consent === 'out') done.left.push(...person.jids);
  const text = consent === 'out' ? settings.optOutReply : settings.optInReply;
  if (text !== null) await answer(tx, hearing, 'consent', { type: 'text', text }, false);
  return true;
}

const RESTS = {
  name: 'rule-rests',
  text: `SELECT
      EXISTS (SELECT 1 FROM rule_firings WHERE rule_id = $1 AND session_id = $2 AND chat = $3 AND created_at > now() - $4 * interval '1 s') AS rests,
      (SELECT count(*)::int FROM rule_firings WHERE session_id = $2 AND chat = $3 AND reply_id IS NOT NULL
        AND created_at > now() - interval '1 hour') AS answers,
      (SELECT m.text FROM rule_firings f JOIN messages m ON m.id = f.reply_id WHERE f.session_id = $2 AND f.chat = $3
        AND f.created_at > now() - interval '1 hour' ORDER BY f.created_at DESC LIMIT 1) AS "lastAnswer"`,
};

const FIRE = {
  name: 'fire-rule',
  text: `INSERT INTO rule_firings (rule_id, message_id, session_id, chat, outcome, reply_id, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp()) ON CONFLICT DO NOTHING`,
};

const HAS_FIRED = {
  name: 'has-rule-fired',
  text: 'SELECT 1 FROM rule_firings WHERE rule_id = $1 AND message_id = $2',
};

const LABEL = {
  name: 'label-contact',
  text: `INSERT INTO contact_labels (contact_id, label, workspace_id)
    SELECT coalesce(c.merged_into, c.id), $3, $1 FROM contacts c WHERE c.id = $2 AND c.workspace_id = $1 ON CONFLICT DO NOTHING`,
};

async function fire(tx: PoolClient, hearing: Hearing, rule: RuleRow, found: Match): Promise<void> {
  const { data, sessionId, workspaceId, done, told } = hearing;
  const { messageId } = data;
  const isGroup = data.chat.endsWith('@g.us');
  const { chat, from } = data.identities ?? {};
  // The same for all names of the person; in a group, everybody has a rest of its own.
  const place = isGroup ? `${data.chat} ${from?.contactId ?? data.from}` : (chat?.contactId ?? data.chat);
  const { rowCount: hasFired } = await tx.query({ ...HAS_FIRED, values: [rule.id, messageId] });
  if (hasFired) return;
  const { rows } = await tx.query<{ rests: boolean; answers: number; lastAnswer: string | null }>({
    ...RESTS,
    values: [rule.id, sessionId, place, rule.cooldownSeconds],
  });
  const { rests, answers, lastAnswer } = rows[0]!;
  // An echo of our own words is no question.
  if (rests || (lastAnswer !== null && fold(lastAnswer) === fold(data.text!))) return;
  const who = {
    text: data.text!,
    name: from?.name ?? data.senderName ?? null,
    number: from?.phoneNumber ?? null,
  };
  const request = answers < RULE_LIMITS.answersPerHour ? answerOf(rule, found, who) : undefined;
  const reply = request && (await answer(tx, hearing, rule.id, request, rule.action.quotes));
  const outcome = reply ? 'answered' : request ? 'refused' : rule.action.reply ? 'silent' : 'done';
  await tx.query({ ...FIRE, values: [rule.id, messageId, sessionId, place, outcome, reply ?? null] });
  if (rule.action.label !== null && from?.contactId) {
    await tx.query({ ...LABEL, values: [workspaceId, from.contactId, rule.action.label] });
  }
  if (rule.action.optOut && !isGroup) {
    const person = (await readPeople(tx, workspaceId, [data.chat])).get(data.chat)!;
    const cause = { source: 'rule', sessionId, messageId, text: data.text!.slice(0, 500) } as const;
    if (await optOut(tx, workspaceId, person.jids, cause)) done.left.push(...person.jids);
  }
  if (rule.action.event) {
    told.push({
      type: 'keyword.matched',
      data: {
        ruleId: rule.id,
        rule: rule.name,
        keyword: found.keyword,
        groups: found.groups,
        messageId,
        chat: data.chat,
        from: data.from,
        text: data.text!,
        ...(reply && { replyMessageId: reply }),
      },
    });
  }
}

/** Has an answer accepted, under ids that follow from the message. `undefined`: the session takes none. */
async function answer(
  tx: PoolClient,
  { data, sessionId, done }: Hearing,
  by: string,
  request: OutboundRequest,
  quotes: boolean,
): Promise<string | undefined> {
  const ids = replyIds(by, data.messageId);
  const quoted = {
    messageId: data.messageId,
    waMessageId: data.waMessageId,
    chatJid: data.chat,
    fromJid: data.from,
    type: data.type,
    text: data.text ?? null,
  };
  const acceptance = await acceptMessage(tx, {
    ...ids,
    sessionId,
    chatJid: data.chat,
    request: quotes ? { ...request, context: { quoted } } : request,
    metadata: by === 'consent' ? { consent: true } : { ruleId: by },
  });
  if (acceptance.outcome !== 'accepted') return undefined;
  done.hasAnswered = true;
  return ids.messageId;
}

const CURSORS = {
  name: 'automation-cursors',
  text: `SELECT a.session_id AS "sessionId", coalesce(c.last_seq > a.seq, false) AS "isDue"
    FROM automation_cursors a LEFT JOIN session_counters c ON c.session_id = a.session_id`,
};

const ADOPT = {
  name: 'adopt-sessions',
  text: `INSERT INTO automation_cursors (session_id, seq)
    SELECT s.id, 0 FROM sessions s
    WHERE (EXISTS (SELECT 1 FROM consent_settings c WHERE c.workspace_id = s.workspace_id AND c.is_active)
        OR EXISTS (SELECT 1 FROM keyword_rules r WHERE r.workspace_id = s.workspace_id AND r.is_active))
      AND NOT EXISTS (SELECT 1 FROM automation_cursors a WHERE a.session_id = s.id)
    ON CONFLICT DO NOTHING`,
};

/** Sessions that were made after their workspace began to listen are listened to as well. */
export async function adoptSessions(db: Queryable): Promise<void> {
  await db.query(ADOPT);
}

/** All sessions that are listened to, and which of them have something new. */
export async function listeningSessions(db: Queryable): Promise<{ sessionId: string; isDue: boolean }[]> {
  const { rows } = await db.query<{ sessionId: string; isDue: boolean }>(CURSORS);
  return rows;
}
