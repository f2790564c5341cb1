import type { Identity } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { learnContacts, readIdentities } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { SessionRef } from '../../principal.ts';
import type { ContactNames } from './contact-names.ts';

/** The person that a request names, as WhatsApp is asked about it. */
export interface NamedPerson {
  jid: string;
  identity: Identity;
}

export interface Persons {
  /**
   * A person by its number, a LID, a jid, or the id of its contact.
   *
   * @throws {ApiError} INVALID_RECIPIENT, CONTACT_NOT_FOUND
   */
  find(workspaceId: string, text: string): Promise<NamedPerson>;
  /** Who is behind these jids, in their order. */
  identities(workspaceId: string, jids: readonly string[]): Promise<Identity[]>;
  /** The account of the session has saved the person under this name (`null`: under none any more). */
  savedOnPhone(session: SessionRef, jid: string, name: string | null): Promise<Identity>;
}

export function createPersons({
  pool,
  names,
}: {
  pool: Pool;
  names: Pick<ContactNames, 'recipient' | 'ofChat'>;
}): Persons {
  const identities = (workspaceId: string, jids: readonly string[]): Promise<Identity[]> =>
    readIdentities(
      pool,
      { workspaceId },
      jids.map((jid) => ({ jid })),
    );

  return {
    async find(workspaceId, text) {
      // A person has been asked for by its number under the name that WhatsApp has answered with.
      const asked = isUuid(text) ? (await names.ofChat(workspaceId, text)).toSorted(numbersFirst)[0] : text;
      if (asked === undefined) throw new ApiError('CONTACT_NOT_FOUND');
      const { identity, chatJid: jid } = await names.recipient(workspaceId, asked);
      if (!/@(s\.whatsapp\.net|lid)$/.test(jid))
        throw new ApiError('INVALID_RECIPIENT', { message: 'This names no person. Use a phone number or a LID.' });
      return { jid, identity };
    },
    identities,
    async savedOnPhone({ id: sessionId, workspaceId }, jid, name) {
      await learnContacts(pool, [{ sessionId, jid, names: { book: name }, at: new Date() }]);
      return (await identities(workspaceId, [jid]))[0]!;
    },
  };
}

const numbersFirst = (a: string, b: string): number => Number(a.endsWith('@lid')) - Number(b.endsWith('@lid'));
