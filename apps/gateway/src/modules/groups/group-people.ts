import type { Identity } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { readIdentities, type ToldNames } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { ContactNames } from '../contacts/index.ts';

/** Who the people of groups are. */
export interface GroupPeople {
  /**
   * The jids of people who are given by any name, each person once.
   *
   * @throws {ApiError} INVALID_RECIPIENT, CONTACT_NOT_FOUND
   */
  jidsOf(workspaceId: string, people: readonly string[]): Promise<string[]>;
  /** In the order of the names. */
  identitiesOf(workspaceId: string, people: readonly ToldNames[]): Promise<Identity[]>;
}

export function createGroupPeople({
  db,
  names,
}: {
  db: Queryable;
  names: Pick<ContactNames, 'recipient' | 'ofChat'>;
}): GroupPeople {
  async function jidOf(workspaceId: string, person: string): Promise<string> {
    const [first] = isUuid(person) ? await names.ofChat(workspaceId, person) : [person];
    if (first === undefined) throw new ApiError('CONTACT_NOT_FOUND', { details: { participant: person } });
    const { chatJid } = await names.recipient(workspaceId, first);
    if (!chatJid.endsWith('@g.us')) return chatJid;
    throw new ApiError('INVALID_RECIPIENT', {
      message: 'A group cannot be in a group. Name people by number, LID or the id of their contact.',
      details: { to: person },
    });
  }

  return {
    async jidsOf(workspaceId, people) {
      const jids: string[] = [];
      for (const person of people) jids.push(await jidOf(workspaceId, person));
      return [...new Set(jids)];
    },
    identitiesOf: (workspaceId, people) => readIdentities(db, { workspaceId }, people),
  };
}
