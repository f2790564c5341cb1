import { Type } from 'typebox';
import { plain } from '../description.ts';
import { defineKind } from './kind.ts';

/** An invitation into a group, to one person. */
export const groupInvite = defineKind({
  request: {
    groupId: Type.String({ minLength: 1, description: 'With or without `@g.us`' }),
    groupName: Type.String({ minLength: 1 }),
    invitation: Type.Object({
      code: Type.String({ minLength: 1 }),
      expiresAt: Type.String({ format: 'date-time' }),
    }),
    caption: Type.Optional(Type.String()),
  },
  compose({ groupId, groupName, invitation: { code, expiresAt }, caption }, { context }) {
    const groupInviteMessage = {
      groupJid: groupId.includes('@') ? groupId : `${groupId}@g.us`,
      groupName,
      inviteCode: code,
      inviteExpiration: Math.floor(Date.parse(expiresAt) / 1_000),
      caption: caption ?? null,
      ...context,
    };
    return { message: { groupInviteMessage }, type: 'media', mediaType: 'url' };
  },
  members: ['groupInviteMessage'],
  describe({ groupInviteMessage: invite }) {
    if (!invite) return null;
    const expires = Number(invite.inviteExpiration ?? 0);
    return plain('groupInvite', invite.caption ?? null, {
      groupId: invite.groupJid,
      groupName: invite.groupName,
      code: invite.inviteCode,
      ...(expires > 0 && { expiresAt: new Date(expires * 1_000).toISOString() }),
    });
  },
});

/** Asks somebody who is known by LID alone for the phone number. */
export const phoneNumberRequest = defineKind({
  request: {},
  compose: (_, { context }) => ({ message: { requestPhoneNumberMessage: { ...context } }, type: 'text' }),
  members: ['requestPhoneNumberMessage'],
  describe: ({ requestPhoneNumberMessage: asked }) => (asked ? plain('phoneNumberRequest', null) : null),
});
