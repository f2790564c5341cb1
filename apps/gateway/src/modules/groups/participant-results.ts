import type { Identity, ParticipantAnswer, ParticipantResult, ParticipantResultName } from '@wa-gate/contracts';

/** What is done to people in a group. */
export type ParticipantAction = 'add' | 'remove' | 'promote' | 'demote' | 'approve' | 'reject' | 'revoke';

type Word = readonly [result: ParticipantResultName, sentence: string];

const DONE: Readonly<Record<ParticipantAction, string>> = {
  add: 'Is in the group now.',
  remove: 'Is not in the group any more.',
  promote: 'Is an admin now.',
  demote: 'Is an ordinary member now.',
  approve: 'Is in the group now.',
  reject: 'The request was refused.',
  revoke: 'The invitation counts no more.',
};

const NOT_A_MEMBER: Word = ['not_a_member', 'Is not in the group.'];
const NO_REQUEST: Word = ['no_request', 'Has not asked to join, or does not ask any more.'];
const NOT_ADMIN: Word = ['not_allowed', 'Only admins of the group may do this to this person.'];
const FULL: Word = ['group_full', 'The group is full. Remove somebody, or make another group.'];

/** WhatsApp's codes for one person, by what was to be done. */
const WORDS: Readonly<Record<ParticipantAction, Readonly<Record<number, Word>>>> = {
  add: {
    401: ['blocked', 'This person has blocked the account, or the account has blocked this person.'],
    403: [
      'invitation_needed',
      'This person lets only some people add them. Send the invitation (type `groupInvite`), or the link of the group.',
    ],
    404: ['not_on_whatsapp', 'This number is not on WhatsApp. Check the country code and the number.'],
    408: ['left_recently', 'This person has left the group lately and cannot be added for some days. Send the link.'],
    409: ['already', 'Was in the group before.'],
    419: FULL,
    421: [
      'approval_pending',
      'Admins of the group approve who comes, and the account is none: this person waits for one of them.',
    ],
    500: FULL,
  },
  remove: { 403: NOT_ADMIN, 404: NOT_A_MEMBER, 406: ['not_allowed', 'Who has made the group cannot be removed.'] },
  promote: { 403: NOT_ADMIN, 404: NOT_A_MEMBER, 409: ['already', 'Was an admin before.'], 419: FULL },
  demote: {
    403: NOT_ADMIN,
    404: NOT_A_MEMBER,
    406: ['not_allowed', 'Who has made the group stays its admin.'],
    409: ['already', 'Was an ordinary member before.'],
  },
  approve: { 403: NOT_ADMIN, 404: NO_REQUEST, 409: ['already', 'Was in the group before.'], 419: FULL },
  reject: { 403: NOT_ADMIN, 404: NO_REQUEST },
  revoke: { 401: NOT_ADMIN, 403: NOT_ADMIN, 404: ['no_invitation', 'Has no invitation that counts.'] },
};

/** What has become of one person, in words. */
export function participantResult(
  action: ParticipantAction,
  identity: Identity,
  { code, invitation }: ParticipantAnswer,
): ParticipantResult {
  const [result, sentence]: Word =
    code === 200
      ? ['done', DONE[action]]
      : (WORDS[action][code] ?? ['refused', `WhatsApp has refused this with its code ${code}.`]);
  return {
    ...identity,
    result,
    sentence,
    wa: code,
    invitation: invitation
      ? {
          code: invitation.code,
          expiresAt: invitation.expiresAt === undefined ? null : new Date(invitation.expiresAt * 1_000).toISOString(),
        }
      : null,
  };
}
