import { type PacingSettings, type RiskLevel, withDefaultPacing } from '@wa-gate/contracts';
import { firstIdAt, newId } from '@wa-gate/kit';
import { assessSession, dayOf, decide, type HeldMessage, type PacedSession } from '@wa-gate/messaging';
import { SpamDetector, type Verdict } from '@wa-gate/sandbox';
import { seedSession, type TestDatabase } from '@wa-gate/testkit';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How people take what they get from somebody whom they do not know. */
export interface People {
  /** Shares of those who answer, and of those who block. */
  answering: number;
  blocking: number;
}

export interface Campaign {
  settings: Partial<PacingSettings>;
  people: People;
  /** Strangers on the list. */
  recipients: number;
  /** It ends after so many days, or when everybody was written to. */
  days: number;
  seed: number;
}

/** What became of it. Times are days since its start; `null`: it did not happen. */
export interface Outcome {
  sent: number;
  answered: number;
  /** Messages that were sent within 30 days. */
  sentInMonth: number;
  verdicts: { kind: Verdict['kind']; day: number }[];
  bannedOn: number | null;
  /** The score was `high` for the first time. */
  highOn: number | null;
  /** The guard paused the campaign. */
  pausedOn: number | null;
  highestScore: number;
  endedOn: number;
}

/** What is yet to happen. */
interface Later {
  at: number;
  run: () => void;
}

const START = Date.parse('2026-01-05T08:00:00Z');
const ACCOUNT = '15550000000';
/** How long one message takes from the queue to WhatsApp. */
const SEND_MS = 800;
/** Held messages that a decision looks at. All are alike, so that more of them change nothing but its cost. */
const LOOKED_AT = 10;
/** An assessment reads rows: so many new messages, or so long a time, make it differ. */
const ASSESS = { messages: 25, ms: 12 * HOUR } as const;
/** Assessments after which the statistics of the tables are renewed. */
const ANALYZE_EVERY = 10;

/**
 * Lets a campaign run against the spam detector of the sandbox, in a time of its own: what decides is the real policy
 * of the pacing, and what judges is the real assessment, which reads the rows of real tables.
 */
export async function simulate({ pool }: TestDatabase, campaign: Campaign): Promise<Outcome> {
  const { settings, people, recipients, days, seed } = campaign;
  const random = seededRandom(seed);
  const { sessionId } = await seedSession(pool, { state: 'CONNECTED' });
  let now = START;
  await pool.query('UPDATE sessions SET paired_at = $2 WHERE id = $1', [sessionId, new Date(now)]);
  await pool.query('INSERT INTO session_pacing (session_id, settings) VALUES ($1, $2)', [sessionId, settings]);
  await pool.query('INSERT INTO session_risk (session_id) VALUES ($1)', [sessionId]);

  const detector = new SpamDetector({ now: () => now });
  const list = Array.from({ length: recipients }, (_, n) => `62811${1_000_000 + n}`);
  const outcome: Outcome = {
    sent: 0,
    answered: 0,
    sentInMonth: 0,
    verdicts: [],
    bannedOn: null,
    highOn: null,
    pausedOn: null,
    highestScore: 0,
    endedOn: 0,
  };
  const dayNow = (): number => (now - START) / DAY;
  let later: Later[] = [];
  let rows: { id: string; jid: string; fromMe: boolean; at: Date }[] = [];
  let assessedAt = now;
  let unassessed = 0;
  let assessments = 0;
  let news = false;
  let lockedUntil: number | null = null;
  let capping: object | null = null;
  const session: PacedSession = {
    settings: withDefaultPacing(settings),
    nextAt: null,
    nextFirstContactAt: null,
    countedOn: null,
    sent: 0,
    firstContacts: 0,
    pairedAt: now,
    answered: 0,
    lockedUntil: null,
  };

  function note(number: string, fromMe: boolean): void {
    // An id of that time, unlike all others.
    const id = firstIdAt(new Date(now)).slice(0, 15) + newId().slice(15);
    rows.push({ id, jid: `${number}@s.whatsapp.net`, fromMe, at: new Date(now) });
  }

  function suffer(verdict: Verdict | null): void {
    if (!verdict) return;
    news = true;
    outcome.verdicts.push({ kind: verdict.kind, day: dayNow() });
    const of = (status: string, used: number, total: number, until: number) => ({
      status,
      used,
      total,
      cycleEndsAt: new Date(until).toISOString(),
    });
    if (verdict.kind === 'ban') outcome.bannedOn = dayNow();
    else if (verdict.kind === 'warning')
      capping = of(verdict.status.toLowerCase(), verdict.used, verdict.total, verdict.until);
    else {
      if (verdict.kind === 'cap') capping = of('capped', verdict.used, verdict.total, verdict.until);
      // WhatsApp's own limits are obeyed in either mode of the pacing.
      lockedUntil = verdict.until;
    }
  }

  function send(number: string): void {
    now += SEND_MS;
    if (detector.refuses(ACCOUNT, number)) throw new Error('A message left while the account may begin no chats.');
    note(number, true);
    outcome.sent += 1;
    if (dayNow() < 30) outcome.sentInMonth += 1;
    unassessed += 1;
    suffer(detector.wrote(ACCOUNT, number, 'Our new shop opens tomorrow.'));
    const fate = random();
    if (fate < people.blocking) later.push({ at: now + 10 * MINUTE, run: () => suffer(detector.blocked(ACCOUNT)) });
    else if (fate < people.blocking + people.answering)
      later.push({ at: now + 5 * MINUTE + random() * 5 * HOUR, run: () => answer(number) });
  }

  function answer(number: string): void {
    note(number, false);
    outcome.answered += 1;
    detector.wrote(number, ACCOUNT, 'Where is it?');
  }

  /** As the jobs do it, of the rows that there are by now. */
  async function assess(): Promise<void> {
    await store();
    // A month passes in seconds: PostgreSQL does not come to it by itself, and plans as if the tables were empty.
    if (assessments % ANALYZE_EVERY === 0) await pool.query('ANALYZE messages, message_keys, session_risk_history');
    assessments += 1;
    const at = new Date(now);
    const found = await assessSession(pool, { sessionId, at });
    if (!found) throw new Error('The session is gone.');
    const isHigh = (['high', 'critical'] satisfies RiskLevel[] as RiskLevel[]).includes(found.level);
    if (isHigh) outcome.highOn ??= dayNow();
    if (found.hasCrossed) outcome.pausedOn ??= dayNow();
    outcome.highestScore = Math.max(outcome.highestScore, found.score);
    assessedAt = now;
    unassessed = 0;
    news = false;
  }

  async function store(): Promise<void> {
    const given = rows;
    rows = [];
    await pool.query(
      `WITH m AS (INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, text, state, sent_at)
         SELECT r.id, $1, CASE WHEN r.mine THEN 'OUTBOUND' ELSE 'INBOUND' END::"MessageDirection", r.id::text, r.jid, r.mine, 'text',
           CASE WHEN r.mine THEN 'Our new shop opens tomorrow.' ELSE 'Where is it?' END,
           CASE WHEN r.mine THEN 'DELIVERED' ELSE 'RECEIVED' END::"MessageState", r.at
         FROM unnest($2::uuid[], $3::text[], $4::bool[], $5::timestamptz[]) AS r(id, jid, mine, at) RETURNING *)
       INSERT INTO message_keys SELECT session_id, chat_jid, from_me, wa_message_id, id FROM m`,
      [
        sessionId,
        given.map(({ id }) => id),
        given.map(({ jid }) => jid),
        given.map(({ fromMe }) => fromMe),
        given.map(({ at }) => at),
      ],
    );
    await pool.query(
      `UPDATE sessions SET reachout_locked_until = $2, message_capping = $3, state = CASE WHEN $4::bool THEN 'BANNED' ELSE state END
       WHERE id = $1`,
      [sessionId, lockedUntil === null ? null : new Date(lockedUntil), capping, outcome.bannedOn !== null],
    );
  }

  const held = (number: string): HeldMessage => ({
    messageId: number,
    lane: 'CAMPAIGN',
    chatJid: `${number}@s.whatsapp.net`,
    isFirstContact: true,
    isHeldBack: (lockedUntil ?? 0) > now,
  });

  while (list.length > 0 && dayNow() < days && outcome.bannedOn === null && outcome.pausedOn === null) {
    for (const { run } of later.filter(({ at }) => at <= now)) run();
    later = later.filter(({ at }) => at > now);
    if (news || unassessed >= ASSESS.messages || now - assessedAt >= ASSESS.ms) await assess();
    if (outcome.pausedOn !== null) break;
    session.answered = outcome.answered;
    session.lockedUntil = lockedUntil;
    const { admit, wait, next } = decide({
      session,
      held: list.slice(0, LOOKED_AT).map(held),
      queued: 0,
      now,
      random,
    });
    const today = dayOf(now, session.settings.timeZone);
    if (session.countedOn !== today) Object.assign(session, { countedOn: today, sent: 0, firstContacts: 0 });
    Object.assign(session, next);
    session.sent += admit.length;
    session.firstContacts += admit.length;
    for (const { messageId } of admit) {
      if (outcome.bannedOn !== null || (lockedUntil ?? 0) > now) break;
      list.shift();
      send(messageId);
    }
    if (admit.length === 0) {
      const times = [wait?.until ?? now + HOUR, assessedAt + ASSESS.ms, ...later.map(({ at }) => at)];
      now = Math.max(now + 1, Math.min(...times));
    }
  }
  await assess();
  return { ...outcome, endedOn: dayNow() };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
