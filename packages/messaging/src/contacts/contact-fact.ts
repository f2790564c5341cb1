/** The names that a contact can have, one of each. */
export const NAME_KINDS = ['saved', 'book', 'push', 'business', 'verified'] as const;
/**
 * `saved`: given by users of the workspace. `book`: in the address book of a phone. `push`: what the person calls
 * itself. `business`, `verified`: of a business, the second one as WhatsApp has checked it.
 */
export type NameKind = (typeof NAME_KINDS)[number];

/** Something that was told about a person. Facts about one person may come in any order, and more than once. */
export interface ContactFact {
  /** Where it was learnt: this session has met the person. */
  sessionId?: string | undefined;
  /** Needed where no session is named. */
  workspaceId?: string | undefined;
  /** A name of the person: `<digits>@s.whatsapp.net` or `<digits>@lid`, without a device. */
  jid: string;
  /** The other one of the two: the LID of a number, or the number of a LID. */
  altJid?: string | undefined;
  /** Other numbers for which WhatsApp has answered with the number `jid`. */
  spellings?: readonly string[] | undefined;
  /** `null`: it has no such name any more. */
  names?: Partial<Record<NameKind, string | null>> | undefined;
  isBusiness?: boolean | undefined;
  /** The fact makes no contact of somebody whom the workspace does not know. A mapping waits until somebody does. */
  ofKnownOnly?: boolean | undefined;
  /** When it was told. The latest word counts. */
  at: Date;
}

export const isNumberJid = (jid: string): boolean => jid.endsWith('@s.whatsapp.net');
export const isLidJid = (jid: string): boolean => jid.endsWith('@lid');
/** Whether the jid names a person: no group, channel or broadcast. */
export const isPersonJid = (jid: string): boolean => isNumberJid(jid) || isLidJid(jid);
