import type { GroupFacts } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { storeGroups } from '@wa-gate/messaging';
import type { PairedSession } from '../../harness/pair-session.ts';
import { percentile } from '../measure/statistics.ts';

/** Calls of each kind. */
const CALLS = 100;

/** Stores groups of different people as WhatsApp would have described them, on behalf of the session's owner. */
export async function storeLargeGroups(db: Queryable, session: PairedSession, groups: number, members: number) {
  const { rows } = await db.query<{ sessionId: string; epoch: number; ownJid: string }>(
    `SELECT s.id AS "sessionId", p.epoch, ltrim(s.phone_number, '+') || '@s.whatsapp.net' AS "ownJid"
      FROM sessions s JOIN session_placements p ON p.session_id = s.id WHERE s.slug = $1`,
    [session.sessionId],
  );
  const { ownJid, ...owner } = rows[0]!;
  const begun = performance.now();
  const all = Array.from({ length: groups }, (_, at) => largeGroup(at, members, ownJid));
  await storeGroups(db, { ...owner, epoch: Number(owner.epoch) }, all, { isAll: true });
  return { names: all.map(({ jid }) => jid), ms: performance.now() - begun };
}

function largeGroup(at: number, members: number, ownJid: string): GroupFacts {
  const participants = Array.from({ length: members - 1 }, (_, n) => ({
    jid: `${2_000_000_000_000 + at * 10_000 + n}@lid`,
    altJid: `62${8_000_000_000 + (((at * 10_000 + n) * 7_919) % 1_000_000_000)}@s.whatsapp.net`,
    role: 'member' as const,
  }));
  return {
    jid: `12036300000${String(at).padStart(7, '0')}@g.us`,
    subject: `Group ${at}`,
    description: null,
    addressing: 'lid',
    onlyAdminsSend: false,
    onlyAdminsEdit: false,
    onlyAdminsAdd: false,
    joinApproval: false,
    disappearingSeconds: 0,
    isCommunity: false,
    isAnnouncements: false,
    size: members,
    participants: [{ jid: ownJid, role: 'admin' }, ...participants],
  };
}

/** Times of lists through the API, in milliseconds, with HTTP. One call follows another. */
export async function timeLists(session: PairedSession, names: readonly string[]) {
  const path = `/api/sessions/${session.sessionId}/groups`;
  const kinds: [what: string, url: (call: number) => string][] = [
    ['a page of 50', (call) => `${path}?limit=50&page=${(call % 10) + 1}`],
    ['a page of 200', (call) => `${path}?limit=200&page=${(call % 2) + 1}`],
    ['search by name', (call) => `${path}?search=oup%20${call}`],
    ['one group with its participants', (call) => `${path}/${names[call % names.length]!}`],
  ];
  const rows: string[] = [];
  for (const [what, url] of kinds) {
    const times: number[] = [];
    for (let call = 0; call < CALLS; call += 1) {
      const begun = performance.now();
      await session.api.data(url(call));
      times.push(performance.now() - begun);
    }
    const [p50, p95, max] = [0.5, 0.95, 1].map((part) => percentile(times, part).toFixed(1));
    rows.push(`| ${what} | ${p50} | ${p95} | ${max} |`);
  }
  return rows;
}
