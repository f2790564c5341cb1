import { Type } from 'typebox';
import { unixSeconds } from '../../clock.ts';
import { plain } from '../description.ts';
import { defineKind } from './kind.ts';

/** An invitation into a group, to one person. */
export const groupInvite = defineKind({
  request: {
    groupId: Type.String({ pattern: '@g\\.us$' }),
    groupName: Type.String({ minLength: 1 }),
    code: Type.String({ minLength: 1 }),
    text: Type.Optional(Type.String()),
  },
  compose({ groupId, groupName, code, text }, { context }) {
    const inviteExpiration = unixSeconds() + 3 * 86_400;
    const groupInviteMessage = {
      groupJid: groupId,
      groupName,
      inviteCode: code,
      inviteExpiration,
      caption: text ?? null,
      ...context,
    };
    return { message: { groupInviteMessage }, type: 'media', mediaType: 'url' };
  },
  members: ['groupInviteMessage'],
  describe({ groupInviteMessage: invite }) {
    if (!invite) return null;
    return plain('groupInvite', invite.caption ?? null, {
      groupId: invite.groupJid,
      groupName: invite.groupName,
      code: invite.inviteCode,
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
