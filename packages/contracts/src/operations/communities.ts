import { Type } from 'typebox';
import { CommunityGroupsSchema, CreatedGroupSchema, groupFacts, groupName, participantAnswer } from '../groups.ts';
import { requestBody } from '../schema.ts';
import { descriptionField, subjectField } from './groups.ts';
import { CONNECTION_ERRORS, definePresented } from './operation.ts';

const tag = 'Groups';
const errors = [...CONNECTION_ERRORS, 'VALIDATION'] as const;
const EXAMPLE = { community: '120363025246125487@g.us' };
const LINKED = { ...EXAMPLE, group: '120363025246125486@g.us' };

const answer = Type.Object({
  groups: Type.Array(
    Type.Object({
      jid: Type.String(),
      subject: Type.String(),
      isAnnouncements: Type.Boolean(),
      size: Type.Optional(Type.Integer()),
    }),
  ),
});

/** Communities: groups of groups. */
export const communities = {
  'communities.create': definePresented({
    method: 'POST',
    path: '/sessions/:id/communities',
    tag,
    summary: 'Create a community',
    description:
      'WhatsApp makes its announcement group with it. After OUTCOME_UNKNOWN look into the list of groups before you try again.',
    permission: 'messages.send',
    audit: 'community.created',
    input: { subject: subjectField, description: Type.Optional(descriptionField) },
    body: requestBody(
      { subject: subjectField, description: Type.Optional(descriptionField) },
      { subject: 'Our shops', description: 'All shops of the town.' },
    ),
    answer: Type.Object({ group: groupFacts, participants: Type.Array(participantAnswer) }),
    data: CreatedGroupSchema,
    errors,
    repeat: 'only-if-refused',
    cost: 2,
    examples: [{ subject: 'Our shops', description: 'All shops of the town.' }],
  }),
  'communities.groups': definePresented({
    method: 'GET',
    path: '/sessions/:id/communities/:community/groups',
    tag,
    summary: 'The groups of a community',
    description: 'As WhatsApp says now, those included in which the account is no member.',
    permission: 'logs.view',
    input: { community: groupName },
    params: { community: groupName },
    answer,
    data: CommunityGroupsSchema,
    errors,
    repeat: 'safe',
    cost: 1,
    examples: [EXAMPLE],
  }),
  'communities.link': definePresented({
    method: 'PUT',
    path: '/sessions/:id/communities/:community/groups/:group',
    tag,
    summary: 'Link a group to a community',
    description: 'For admins of both. To link it again changes nothing.',
    permission: 'messages.send',
    audit: 'community.group_linked',
    input: { community: groupName, group: groupName },
    params: { community: groupName, group: groupName },
    answer,
    data: CommunityGroupsSchema,
    errors,
    repeat: 'safe',
    cost: 2,
    examples: [LINKED],
  }),
  'communities.unlink': definePresented({
    method: 'DELETE',
    path: '/sessions/:id/communities/:community/groups/:group',
    tag,
    summary: 'Take a group out of its community',
    description: 'The group stays.',
    permission: 'messages.send',
    audit: 'community.group_unlinked',
    input: { community: groupName, group: groupName },
    params: { community: groupName, group: groupName },
    answer,
    data: CommunityGroupsSchema,
    errors,
    repeat: 'safe',
    cost: 2,
    examples: [LINKED],
  }),
};
