import { type Static, type TObject, Type } from 'typebox';
import { groupName as group, personalInvitation, SUBJECT_MAX } from '../groups.ts';
import { LIMITS } from '../limits.ts';
import { line, NOT_BLANK, timestamp } from '../schema.ts';
import { defineKind } from './kind.ts';

const name = line({ minLength: 1, maxLength: SUBJECT_MAX, pattern: NOT_BLANK, examples: ['Orders of today'] });

const request = {
  groupId: group,
  groupName: name,
  invitation: personalInvitation,
  caption: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: LIMITS.caption,
      description: 'The text below the invitation.',
      examples: ['Come in'],
    }),
  ),
};

/** WhatsApp's time of the end of an invitation: whole seconds since 1970. */
export const invitationSeconds = (time: string): number => Math.floor(Date.parse(time) / 1_000);

function contentOf({ groupId, groupName, invitation }: Static<TObject<typeof request>>) {
  return {
    groupId: groupId.includes('@') ? groupId : `${groupId}@g.us`,
    groupName,
    code: invitation.code,
    expiresAt: new Date(invitationSeconds(invitation.expiresAt) * 1_000).toISOString(),
  };
}

const INVITATION = {
  groupId: '120363025246125486@g.us',
  groupName: 'Orders of today',
  invitation: { code: 'Ab3-dE_f9', expiresAt: '2036-01-18T10:30:00.000Z' },
};

/** What a person gets who lets only some people add them to groups. */
export const groupInvite = defineKind({
  summary:
    'The personal invitation into a group that WhatsApp offers for somebody who cannot be added (`invitation` of the result). It counts for that person alone.',
  request,
  isPersonal: true,
  content: {
    groupId: Type.Optional(Type.String()),
    groupName: Type.Optional(Type.String()),
    code: Type.Optional(Type.String()),
    expiresAt: Type.Optional(timestamp()),
  },
  stored: ({ caption: text, ...rest }) => ({ ...(text && { text }), content: contentOf(rest) }),
  examples: [
    { request: { ...INVITATION, caption: 'Come in' } },
    { request: { ...INVITATION, groupId: '120363025246125486' } },
    { request: { ...INVITATION, groupName: '*Tea* 🫖 "and" more' } },
    { request: { ...INVITATION, groupId: '6281234567890@s.whatsapp.net' }, refused: 'VALIDATION' },
    { request: { ...INVITATION, groupName: ' ' }, refused: 'VALIDATION' },
    { request: { ...INVITATION, invitation: { code: 'Ab3-dE_f9' } }, refused: 'VALIDATION' },
    { request: { ...INVITATION, invitation: { ...INVITATION.invitation, code: '' } }, refused: 'VALIDATION' },
    {
      request: { ...INVITATION, invitation: { ...INVITATION.invitation, expiresAt: 'tomorrow' } },
      refused: 'VALIDATION',
    },
    {
      request: {
        ...INVITATION,
        invitation: { ...INVITATION.invitation, expiresAt: '2036-01-18T10:30:00+01:00[Europe/Berlin]' },
      },
      refused: 'VALIDATION',
    },
    { request: { groupId: INVITATION.groupId }, refused: 'VALIDATION' },
  ],
});
