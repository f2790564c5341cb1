import { type AnswerOf, CHECK_MAX_NUMBERS, type InputOf, type Lid, type NumberCheck } from '@wa-gate/contracts';
import type { Pool, Queryable } from '@wa-gate/db';
import { type ContactFact, learnContacts } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { parsePhoneNumber } from '../../http/recipient.ts';
import type { SessionRef } from '../../principal.ts';
import type { ContactNames } from './contact-names.ts';

type Ask = (input: InputOf<'contacts.check'>) => Promise<AnswerOf<'contacts.check'>>;
type AskLid = (input: InputOf<'contacts.lid'>) => Promise<AnswerOf<'contacts.lid'>>;

export interface NumberChecks {
  /**
   * Whether these numbers are on WhatsApp: as it said before, where that is not too old, else as it says now.
   *
   * @param ask asks the owner of the session
   * @throws {ApiError} INVALID_RECIPIENT, VALIDATION, and those of `ask`
   */
  check(
    session: SessionRef,
    given: readonly string[],
    maxAgeSeconds: number | undefined,
    ask: Ask,
  ): Promise<NumberCheck[]>;
  /**
   * Who has the number.
   *
   * @throws {ApiError} INVALID_RECIPIENT; CONTACT_NOT_FOUND when it is not on WhatsApp or has no LID; those of `ask`
   */
  lidOf(session: SessionRef, phoneNumber: string, ask: AskLid): Promise<Lid>;
}

const DEFAULT_AGE_SECONDS = 86_400;

interface CheckRecord {
  number: string;
  jid: string | null;
  lid: string | null;
  contactId: string | null;
  checkedAt: Date;
  ageSeconds: number;
}

const READ = {
  name: 'read-number-checks',
  text: `SELECT n.number, n.jid, c.lid, c.id AS "contactId", n.checked_at AS "checkedAt",
      greatest(0, extract(epoch FROM now() - n.checked_at))::int AS "ageSeconds"
    FROM number_checks n LEFT JOIN contact_identities i ON i.workspace_id = n.workspace_id AND i.jid = n.jid
    LEFT JOIN contacts c ON c.id = i.contact_id
    WHERE n.workspace_id = $1 AND n.number = ANY($2::text[]) AND n.checked_at > now() - make_interval(secs => $3)`,
};

const WRITE = {
  name: 'write-number-checks',
  text: `INSERT INTO number_checks (workspace_id, number, jid, checked_at)
    SELECT $1, a.number, a.jid, now() FROM unnest($2::text[], $3::text[]) AS a(number, jid) ORDER BY a.number
    ON CONFLICT (workspace_id, number) DO UPDATE SET jid = excluded.jid, checked_at = excluded.checked_at`,
};

export function createNumberChecks({
  pool,
  names,
}: {
  pool: Pool;
  names: Pick<ContactNames, 'recipient'>;
}): NumberChecks {
  const read = async (db: Queryable, workspaceId: string, numbers: readonly string[], ageSeconds: number) => {
    const { rows } = await db.query<CheckRecord>({ ...READ, values: [workspaceId, numbers, ageSeconds] });
    return new Map(rows.map((row) => [row.number, row]));
  };

  return {
    async check({ id: sessionId, workspaceId }, given, maxAgeSeconds = DEFAULT_AGE_SECONDS, ask) {
      const asked = given.map((text) => text.trim()).filter((text) => text !== '');
      if (asked.length === 0 || asked.length > CHECK_MAX_NUMBERS)
        throw new ApiError('VALIDATION', { message: `Give 1 to ${CHECK_MAX_NUMBERS} numbers, separated by commas.` });
      const digits = asked.map(parsePhoneNumber);
      const unique = [...new Set(digits)];
      const known = await read(pool, workspaceId, unique, maxAgeSeconds);
      const unknown = unique.filter((number) => !known.has(number));
      if (unknown.length > 0) {
        const { numbers: answers } = await ask({ numbers: unknown });
        const found = answers.flatMap((answer) =>
          answer.jid ? [factOf(sessionId, answer.number, answer.jid, answer.lid)] : [],
        );
        // Known people learn their other names; nobody becomes a contact because somebody asked.
        await learnContacts(pool, found);
        const sorted = answers.toSorted((a, b) => (a.number < b.number ? -1 : 1));
        await pool.query({
          ...WRITE,
          values: [workspaceId, sorted.map(({ number }) => number), sorted.map(({ jid }) => jid ?? null)],
        });
        for (const [number, row] of await read(pool, workspaceId, unknown, DEFAULT_AGE_SECONDS)) {
          const answer = answers.find((it) => it.number === number);
          known.set(number, { ...row, lid: row.lid ?? answer?.lid ?? null });
        }
      }
      return digits.map((number, index) => present(asked[index]!, known.get(number)!));
    },

    async lidOf({ workspaceId }, phoneNumber, ask) {
      const number = parsePhoneNumber(phoneNumber);
      const { identity } = await names.recipient(workspaceId, number);
      if (identity.lid !== null) return { ...identity, source: 'contacts' };
      const { jid, lid } = await ask({ number });
      if (jid === undefined || lid === undefined)
        throw new ApiError('CONTACT_NOT_FOUND', {
          message:
            'WhatsApp names no LID for this number: it is not on WhatsApp, or the number is written differently.',
        });
      return { ...identity, phoneNumber: `+${jid.split('@')[0]}`, lid, jid, source: 'whatsapp' };
    },
  };
}

function factOf(sessionId: string, number: string, jid: string, lid: string | undefined): ContactFact {
  const spelling = `${number}@s.whatsapp.net`;
  return {
    sessionId,
    jid,
    ...(lid ? { altJid: lid } : {}),
    ...(spelling === jid ? {} : { spellings: [spelling] }),
    ofKnownOnly: true,
    at: new Date(),
  };
}

const present = (number: string, { jid, lid, contactId, checkedAt, ageSeconds }: CheckRecord): NumberCheck => ({
  number,
  isOnWhatsApp: jid !== null,
  jid,
  lid,
  contactId,
  checkedAt: checkedAt.toISOString(),
  ageSeconds,
});
