import { invitationSeconds } from '@wa-gate/contracts';
import type { Codec, Reader } from './codec.ts';
import { present, toNumber } from './fields.ts';

/** Seconds since 1970 above which a time is none that a date can be made of. */
const LAST_SECOND = 1e10;

/** An invitation into a group, which its receiver can accept. */
export const groupInvite: Codec<'groupInvite'> = {
  members: ['groupInviteMessage'],
  build: ({ groupId, groupName, invitation, caption }, { secret }) => ({
    groupInviteMessage: {
      groupJid: groupId.includes('@') ? groupId : `${groupId}@g.us`,
      groupName,
      inviteCode: invitation.code,
      inviteExpiration: invitationSeconds(invitation.expiresAt),
      caption: caption ?? null,
    },
    messageContextInfo: { messageSecret: secret },
  }),
  read({ groupInviteMessage: invite }) {
    if (!invite?.groupJid) return null;
    const expires = toNumber(invite.inviteExpiration);
    return {
      ...(invite.caption ? { text: invite.caption } : {}),
      content: present({
        groupId: invite.groupJid,
        groupName: invite.groupName,
        code: invite.inviteCode,
        expiresAt: expires && expires < LAST_SECOND ? new Date(expires * 1000).toISOString() : undefined,
      }),
    };
  },
};

/** Somebody who is known by LID alone is asked for the phone number. */
export const phoneNumberRequest: Reader = {
  members: ['requestPhoneNumberMessage'],
  read: ({ requestPhoneNumberMessage: asked }) => (asked ? {} : null),
};
