import type { Reader } from './codec.ts';
import { present, toNumber } from './fields.ts';

/** An invitation into a group, which its receiver can accept. */
export const groupInvite: Reader = {
  members: ['groupInviteMessage'],
  read({ groupInviteMessage: invite }) {
    if (!invite?.groupJid) return null;
    const expires = toNumber(invite.inviteExpiration);
    return {
      ...(invite.caption ? { text: invite.caption } : {}),
      content: present({
        groupId: invite.groupJid,
        groupName: invite.groupName,
        code: invite.inviteCode,
        expiresAt: expires && expires < 1e10 ? new Date(expires * 1000).toISOString() : undefined,
      }),
    };
  },
};

/** Somebody who is known by LID alone is asked for the phone number. */
export const phoneNumberRequest: Reader = {
  members: ['requestPhoneNumberMessage'],
  read: ({ requestPhoneNumberMessage: asked }) => (asked ? {} : null),
};
