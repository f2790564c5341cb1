import { createHash } from 'node:crypto';
import { findViolations } from '@wa-gate/messaging';
import type { Fleet } from '../harness/fleet.ts';
import type { System } from '../harness/system.ts';
import type { Player } from './cast.ts';
import type { EventLedger } from './event-ledger.ts';
import type { History } from './history.ts';
import type { Traffic } from './traffic.ts';

/** One count that must be 0. */
export interface Verdict {
  what: string;
  count: number;
  /** Some examples, to find the cause. */
  examples: string[];
}

export interface Evidence {
  fleet: Pick<Fleet, 'system'>;
  players: readonly Player[];
  traffic: Traffic;
  ledger: EventLedger;
  history: History;
  /** The time of the database before the first fault. */
  since: string;
}

const EXAMPLES = 5;

const verdict = (what: string, found: readonly string[]): Verdict => ({
  what,
  count: found.length,
  examples: found.slice(0, EXAMPLES),
});
const counted = (what: string, count: number, example = ''): Verdict => ({
  what,
  count,
  examples: count > 0 && example ? [example] : [],
});

/** Checks the phones, the recorder of the wire, PostgreSQL, the receiver of the webhooks and the workers. */
export async function judge(evidence: Evidence): Promise<Verdict[]> {
  return [
    ...(await judgeSent(evidence)),
    ...(await judgeWire(evidence)),
    ...(await judgeReceived(evidence)),
    ...(await judgeFiles(evidence)),
    ...(await judgeEvents(evidence)),
    ...(await judgePeople(evidence)),
    ...(await judgeSessions(evidence)),
  ];
}

async function judgeSent({ fleet, traffic }: Evidence): Promise<Verdict[]> {
  const { sandbox, services } = fleet.system;
  const shown = new Map<string, Map<string, Set<string>>>();
  for (const number of new Set(traffic.sent.flatMap(({ readers }) => readers))) {
    const byText = new Map<string, Set<string>>();
    for (const { text, id } of await sandbox.inbox(number)) {
      if (text) byText.set(text, (byText.get(text) ?? new Set()).add(id));
    }
    shown.set(number, byText);
  }
  const { rows: stored } = await services.pool.query<{ text: string; ids: string[]; states: string[] }>(
    `SELECT text, array_agg(wa_message_id) AS ids, array_agg(state::text) AS states FROM messages
     WHERE direction = 'OUTBOUND' AND text LIKE 'out %' GROUP BY text`,
  );
  const inDatabase = new Map(stored.map((row) => [row.text, row]));

  const unread: string[] = [];
  const twice: string[] = [];
  for (const { text, readers, accepted, ids, player } of traffic.sent) {
    const states = inDatabase.get(text)?.states.join() ?? 'not in PostgreSQL';
    const everyId = new Set([...ids, ...(inDatabase.get(text)?.ids ?? [])]);
    for (const reader of readers) {
      const atPhone = shown.get(reader)?.get(text) ?? new Set<string>();
      for (const id of atPhone) everyId.add(id);
      if (accepted && !atPhone.has(accepted.waMessageId)) {
        unread.push(`${text} of ${player.sessionId} to ${reader} (${accepted.waMessageId}, ${states})`);
      }
    }
    if (everyId.size > 1) twice.push(`${text} of ${player.sessionId}: ${[...everyId].join(' ')}`);
  }
  return [
    verdict('accepted sends that never became readable at the phone', unread),
    verdict('accepted sends with two distinct ids', twice),
  ];
}

async function judgeWire({ fleet, history }: Evidence): Promise<Verdict[]> {
  const { sandbox } = fleet.system;
  const repeated = await sandbox.wireMessages({ direction: 'up', minWireCount: 2 });
  const tooOften = repeated.filter(({ id, wireCount }) => wireCount - 1 > (history.inSending.get(id) ?? 0));
  const { rows } = await fleet.system.services.pool.query<{ id: string; attempts: string }>(
    'SELECT wa_message_id AS id, attempt_log::text AS attempts FROM outbox WHERE wa_message_id = ANY($1)',
    [tooOften.map(({ id }) => id)],
  );
  const attemptsOf = new Map(rows.map(({ id, attempts }) => [id, attempts]));
  const beyond = tooOften.map(
    ({ device, id, peer, wireCount, firstAt, lastAt }) =>
      `${id} of ${device} to ${peer}: ${wireCount} times within ${lastAt - firstAt} ms, attempts ${attemptsOf.get(id)}`,
  );
  const { keys, overlaps, undecryptable, violations, forgotten } = await sandbox.summary();
  const evidence = JSON.stringify(await sandbox.evidence()).slice(0, 4_000);
  const misdeeds = Object.entries(violations.byRule).map(([rule, count]) => `${rule}: ${count}`);
  const { acks: _, ...needed } = forgotten;
  const lost = Object.entries(needed).filter(([, count]) => count > 0);
  return [
    verdict('wire repeats beyond the rows in `sending` at the faults', beyond),
    {
      what: 'message-key indexes used twice',
      count: keys.reused,
      examples: (await sandbox.keysUsedTwice()).slice(0, EXAMPLES).map((use) => JSON.stringify(use)),
    },
    counted('messages that a phone could never read', undecryptable.unrecovered, evidence),
    counted('streams that sent after a newer one of their device had logged in', overlaps.olderSent, evidence),
    verdict('violations of the protocol', misdeeds),
    verdict(
      'things that the recorder had to forget',
      lost.map(([what, count]) => `${what}: ${count}`),
    ),
  ];
}

async function judgeReceived({ fleet, traffic, ledger, players }: Evidence): Promise<Verdict[]> {
  const { sandbox, services } = fleet.system;
  const { rows } = await services.pool.query<{ id: string; slug: string; text: string | null; copies: number }>(
    `SELECT m.wa_message_id AS id, s.slug, max(m.text) AS text, count(*) AS copies FROM messages m JOIN sessions s ON s.id = m.session_id
     WHERE m.direction = 'INBOUND' GROUP BY 1, 2`,
  );
  const stored = new Map(rows.map((row) => [`${row.slug} ${row.id}`, row]));
  const receipted = new Set<string>();
  for (const { device, sessionId } of players) {
    for (const { id, ackedAt, ack } of await sandbox.wireMessages({ direction: 'down', device })) {
      if (ackedAt !== null && ack !== 'retry' && !ack?.startsWith('nack')) receipted.add(`${sessionId} ${id}`);
    }
  }
  const lostAfterReceipt: string[] = [];
  const notStored: string[] = [];
  const notDelivered: string[] = [];
  const deliveredTwice: string[] = [];
  for (const { text, waMessageId, player, isCopied } of traffic.written) {
    const name = `${player.sessionId} ${waMessageId}`;
    const row = stored.get(name);
    if (row?.text !== text || row.copies !== 1) {
      const what = `${text} at ${name}: ${row ? `${row.copies} of ${row.text}` : 'not in PostgreSQL'}`;
      (receipted.has(name) ? lostAfterReceipt : notStored).push(what);
    }
    const times = ledger.timesReceived(player.sessionId, waMessageId);
    if (times === 0) notDelivered.push(`${text} at ${name}`);
    // A copy under a name that nobody knew to be the same person's is told once more, and then merged into one row.
    if (times > (isCopied ? 2 : 1)) deliveredTwice.push(`${text} at ${name}: ${times} events`);
  }
  return [
    verdict('inbound receipted to WhatsApp but not (whole, once) in PostgreSQL', lostAfterReceipt),
    verdict('inbound not receipted and not in PostgreSQL at the end', notStored),
    verdict('inbound not at the webhook receiver', notDelivered),
    verdict('inbound at the webhook receiver as two events', deliveredTwice),
  ];
}

/** Every file that came, as the API gives it, and every one that was sent, as its phones have it. */
async function judgeFiles({ fleet, traffic, ledger }: Evidence): Promise<Verdict[]> {
  const { system } = fleet;
  const wrong: string[] = [];
  const sentWrong: string[] = [];
  for (const { text, accepted, readers, file } of traffic.sent) {
    if (file === null || !accepted) continue;
    for (const reader of readers) {
      const found = await system.sandbox
        .file(reader, accepted.waMessageId)
        .then(sha256Of, (error: Error) => error.message);
      if (found !== file) sentWrong.push(`${text} (${accepted.waMessageId}) at ${reader}: ${found} for ${file}`);
    }
  }
  const toldTwice: string[] = [];
  for (const { text, waMessageId, player, file } of traffic.written) {
    if (file === null) continue;
    const name = `${text} at ${player.sessionId} ${waMessageId}`;
    const times = ledger.timesFetched(player.sessionId, waMessageId);
    if (times > 1) toldTwice.push(`${name}: ${times} events`);
    const { rows } = await system.services.pool.query<{ id: string; status: string; error: string | null }>(
      `SELECT f.id, f.status, f.error_message AS error FROM media f JOIN messages m ON m.id = f.message_id
       JOIN sessions s ON s.id = m.session_id WHERE s.slug = $1 AND m.wa_message_id = $2`,
      [player.sessionId, waMessageId],
    );
    const [media] = rows;
    const hash = media?.status === 'ready' ? await hashOf(system, player, media.id) : null;
    if (hash !== file || times === 0)
      wrong.push(`${name}: ${JSON.stringify(media)}, ${times} events, ${hash} for ${file}`);
  }
  return [
    verdict('sent files missing or wrong at the phone', sentWrong),
    verdict('received files missing or wrong', wrong),
    verdict('received files at the webhook receiver as two events', toldTwice),
  ];
}

async function hashOf(system: System, { apiKey }: Player, mediaId: string): Promise<string> {
  const { status, body } = await system.gateway.as(apiKey).call<Buffer>(`/api/media/${mediaId}/content`);
  return status === 200 ? sha256Of(body) : `answer ${status}`;
}

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function judgeEvents({ fleet, ledger }: Evidence): Promise<Verdict[]> {
  const { pool } = fleet.system.services;
  const { rows: gaps } = await pool.query<{ slug: string; lastSeq: number; lowest: number; count: number }>(
    `SELECT s.slug, c.last_seq AS "lastSeq", k.lowest, k.count FROM session_counters c JOIN sessions s ON s.id = c.session_id
     CROSS JOIN LATERAL (SELECT min(seq) AS lowest, max(seq) AS highest, count(*) AS count FROM events e
       WHERE e.session_id = c.session_id) k
     WHERE c.last_seq > 0 AND (k.lowest <> 1 OR k.highest <> c.last_seq OR k.count <> c.last_seq)`,
  );
  const { rows: deliveries } = await pool.query<{ slug: string; seq: number; status: string }>(
    'SELECT s.slug, d.seq, d.status FROM webhook_deliveries d JOIN sessions s ON s.id = d.session_id',
  );
  const missing = deliveries.filter(({ slug, seq }) => !ledger.has(slug, seq));
  return [
    verdict(
      'sessions with gaps in `seq`',
      gaps.map((gap) => JSON.stringify(gap)),
    ),
    verdict(
      'events that never came to the webhook receiver',
      missing.map(({ slug, seq, status }) => `${slug} ${seq} ${status}`),
    ),
    counted('first attempts out of order of `seq`', ledger.outOfOrder),
    counted('webhook requests without a valid signature', ledger.badSignatures),
  ];
}

async function judgeSessions({ fleet, players, history, since }: Evidence): Promise<Verdict[]> {
  const { pool } = fleet.system.services;
  const { rows: asked } = await pool.query<{ slug: string; what: string }>(
    `SELECT s.slug, e.type AS what FROM events e JOIN sessions s ON s.id = e.session_id
       WHERE e.created_at > $1 AND e.type IN ('qr.generated', 'session.loggedout')
     UNION ALL SELECT slug, state::text FROM sessions WHERE state <> 'CONNECTED'`,
    [since],
  );
  const needQr = asked.map(({ slug, what }) => `${slug}: ${what}`);
  for (const { sessionId, phone, devices } of players) {
    const now = JSON.stringify(await fleet.system.sandbox.devices(phone.number));
    if (now !== devices) needQr.push(`${sessionId}: devices ${devices} became ${now}`);
  }
  const findings = await findViolations(pool, { settledMs: 30_000 });
  return [
    verdict('sessions that need a QR code', needQr),
    verdict('epochs that jumped', history.jumps),
    verdict('leaked actors', await leakedActors(fleet)),
    verdict(
      'SQL invariants with rows',
      findings.map(({ name, rows }) => `${name}: ${JSON.stringify(rows.slice(0, 3))}`),
    ),
  ];
}

/** Whoever has several names is one contact, with one chat, in which each message is one row. */
async function judgePeople({ fleet, traffic, players }: Evidence): Promise<Verdict[]> {
  const { pool } = fleet.system.services;
  const people = [
    ...traffic.strangers.map(({ player, jid, lid }) => ({ sessionId: player.sessionId, jids: [jid, lid] })),
    ...players.map(({ sessionId, friendNames: [number, lid] }) => ({
      sessionId,
      jids: [`${number}@s.whatsapp.net`, lid!],
    })),
  ];
  const split: string[] = [];
  for (const { sessionId, jids } of people) {
    const { rows } = await pool.query<{ contacts: number; names: number }>(
      `SELECT count(DISTINCT i.contact_id) AS contacts, count(*) AS names FROM sessions s
       JOIN contact_identities i ON i.workspace_id = s.workspace_id AND i.jid = ANY($2) WHERE s.slug = $1`,
      [sessionId, jids],
    );
    const { contacts, names } = rows[0]!;
    if (contacts !== 1 || names !== jids.length) {
      split.push(`${jids.join(' ')} at ${sessionId}: ${names} names of ${contacts} contacts`);
    }
  }
  const { rows: twice } = await pool.query<{ slug: string; id: string; chats: string[] }>(
    `SELECT s.slug, m.wa_message_id AS id, array_agg(m.chat_jid) AS chats FROM messages m JOIN sessions s ON s.id = m.session_id
     GROUP BY 1, 2, m.from_me HAVING count(*) > 1`,
  );
  return [
    verdict('people who are not one contact with all their names', split),
    verdict(
      'messages in two rows',
      twice.map(({ slug, id, chats }) => `${id} of ${slug}: ${chats.join(' ')}`),
    ),
  ];
}

/** Workers whose count of actors differs from that of their placements. */
async function leakedActors({ system }: Pick<Fleet, 'system'>): Promise<string[]> {
  const { rows } = await system.services.pool.query<{ id: string; placed: number }>(
    'SELECT w.id, count(p.session_id) AS placed FROM workers w LEFT JOIN session_placements p ON p.worker_id = w.id GROUP BY w.id',
  );
  const leaked: string[] = [];
  for (const { name, url, spec } of system.workers) {
    const text = await fetch(`${url}/metrics`).then(
      (answer) => answer.text(),
      () => undefined,
    );
    if (text === undefined) {
      leaked.push(`${name}: it does not say how many actors it has`);
      continue;
    }
    const states = text.split('\n').filter((line) => line.startsWith('wag_sessions{') && !line.endsWith(' 0'));
    const actors = states.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    const placed = rows.find(({ id }) => id === spec.env.WORKER_ID)?.placed ?? 0;
    if (actors !== placed) leaked.push(`${name}: ${actors} actors, ${placed} placements (${states.join(', ')})`);
  }
  return leaked;
}
