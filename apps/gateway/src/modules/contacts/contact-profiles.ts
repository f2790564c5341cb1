import type { AnswerOf, ContactProfile, Identity, InputOf } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { learnContacts } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { SessionRef } from '../../principal.ts';
import type { ContactNames } from './contact-names.ts';

type Ask = (input: InputOf<'contacts.profile'>) => Promise<AnswerOf<'contacts.profile'>>;

export interface ContactProfiles {
  /**
   * The picture and the business profile: as WhatsApp said before, where that is not too old, else as it says now.
   *
   * @param contact a number, a jid, or the id of a contact
   * @param ask asks the owner of the session
   * @throws {ApiError} INVALID_RECIPIENT, CONTACT_NOT_FOUND, and those of `ask`
   */
  read(session: SessionRef, contact: string, maxAgeSeconds: number | undefined, ask: Ask): Promise<ContactProfile>;
}

const DEFAULT_AGE_SECONDS = 86_400;

interface ProfileRow {
  pictureUrl: string | null;
  business: ContactProfile['business'];
  checkedAt: Date;
  ageSeconds: number;
}

const COLUMNS = `picture_url AS "pictureUrl", business, checked_at AS "checkedAt",
  greatest(0, extract(epoch FROM now() - checked_at))::int AS "ageSeconds"`;

/** The latest answer for any of the names. */
const READ = {
  name: 'read-contact-profile',
  text: `SELECT ${COLUMNS} FROM contact_profiles
    WHERE workspace_id = $1 AND jid = ANY($2::text[]) AND checked_at > now() - make_interval(secs => $3)
    ORDER BY checked_at DESC LIMIT 1`,
};

const WRITE = {
  name: 'write-contact-profile',
  text: `INSERT INTO contact_profiles (workspace_id, jid, picture_url, business, checked_at) VALUES ($1, $2, $3, $4, now())
    ON CONFLICT (workspace_id, jid) DO UPDATE SET picture_url = excluded.picture_url, business = excluded.business, checked_at = excluded.checked_at
    RETURNING ${COLUMNS}`,
};

export function createContactProfiles({
  pool,
  names,
}: {
  pool: Pool;
  names: Pick<ContactNames, 'recipient' | 'ofChat'>;
}): ContactProfiles {
  return {
    async read({ id: sessionId, workspaceId }, contact, maxAgeSeconds = DEFAULT_AGE_SECONDS, ask) {
      const jids = await names.ofChat(workspaceId, contact);
      const [first] = jids;
      if (first === undefined) throw new ApiError('CONTACT_NOT_FOUND');
      // The name that WhatsApp answers with, where somebody has asked for this spelling.
      const { identity, chatJid: jid } = await names.recipient(workspaceId, isUuid(contact) ? first : contact);
      if (jid.endsWith('@g.us')) throw new ApiError('INVALID_RECIPIENT', { message: 'A group is no contact.' });
      const { rows } = await pool.query<ProfileRow>({ ...READ, values: [workspaceId, jids, maxAgeSeconds] });
      if (rows[0]) return present(identity, rows[0]);
      const { pictureUrl, business } = await ask({ jid });
      // Who is known learns that it is a business; nobody becomes a contact because somebody asked.
      if (business)
        await learnContacts(pool, [{ sessionId, jid, isBusiness: true, ofKnownOnly: true, at: new Date() }]);
      const written = await pool.query<ProfileRow>({
        ...WRITE,
        values: [workspaceId, jid, pictureUrl, business && JSON.stringify(business)],
      });
      return present(identity, written.rows[0]!);
    },
  };
}

const present = (identity: Identity, { pictureUrl, business, checkedAt, ageSeconds }: ProfileRow): ContactProfile => ({
  ...identity,
  pictureUrl,
  isBusiness: business !== null,
  business,
  checkedAt: checkedAt.toISOString(),
  ageSeconds,
});
