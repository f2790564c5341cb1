import type { GroupFacts } from '@wa-gate/contracts';
import { type GroupMetadata, isLidUser } from './baileys.ts';

/** A group as Baileys wants it to send there. */
export function metadataOf({
  jid,
  subject,
  addressing,
  disappearingSeconds,
  size,
  participants,
}: GroupFacts): GroupMetadata {
  return {
    id: jid,
    subject,
    owner: undefined,
    size,
    addressingMode: addressing as NonNullable<GroupMetadata['addressingMode']>,
    ...(disappearingSeconds > 0 && { ephemeralDuration: disappearingSeconds }),
    participants: participants.map(({ jid: id, altJid, role }) => ({
      id,
      ...(altJid && (isLidUser(altJid) ? { lid: altJid } : { phoneNumber: altJid })),
      admin: role === 'member' ? null : role,
    })),
  };
}
