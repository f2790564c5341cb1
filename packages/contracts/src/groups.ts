import { type Static, Type } from 'typebox';
import { type Identity, IdentitySchema } from './identities.ts';
import { PaginationSchema } from './paging.ts';
import { nullable, oneOf, timestamp } from './schema.ts';

/** The most people of one change of a group. WhatsApp answers for each of them. */
export const PARTICIPANTS_MAX = 256;
/** The longest that WhatsApp takes. */
export const SUBJECT_MAX = 100;
export const DESCRIPTION_MAX = 2_048;

/** Seconds after which messages disappear, as phones offer them; 0: they stay. */
export const DISAPPEARING_SECONDS = [0, 86_400, 604_800, 7_776_000] as const;

const EXAMPLE_GROUP = '120363025246125486@g.us';

/** A group in a path or a body. */
export const groupName = Type.String({
  pattern: '^\\d{5,32}(-\\d{5,32})?(@g\\.us)?$',
  description: 'The id of the group: its jid, or what stands before `@g.us`.',
  examples: [EXAMPLE_GROUP],
});

/** The part of a link after `chat.whatsapp.com/`. */
export const inviteCode = Type.String({
  pattern: '^[A-Za-z0-9_-]{6,64}$',
  description: 'What stands after `https://chat.whatsapp.com/` in the link.',
  examples: ['GZ3kq0bW9sH2mXy7TnVdLa'],
});

/** The code of an invitation for one person. */
export const invitationCode = Type.String({
  pattern: '^\\S{1,256}$',
  description: 'The code of the personal invitation.',
  examples: ['Ab3-dE_f9'],
});

/** An invitation for one person, in a body. */
export const personalInvitation = Type.Object(
  { code: invitationCode, expiresAt: timestamp('Until when it counts, as WhatsApp has said.') },
  { additionalProperties: false, description: 'As the result for the person has it.' },
);

/** People in a body. */
export const groupParticipants = Type.Array(
  Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'A phone number in any spelling, a jid, a LID, or the id of a contact.',
    examples: ['+6281234567890'],
  }),
  { minItems: 1, maxItems: PARTICIPANTS_MAX, description: 'Everybody once, by any name.' },
);

export const GROUP_ROLES = ['member', 'admin', 'superadmin'] as const;
export type GroupRole = (typeof GROUP_ROLES)[number];

/** What only admins may do in a group, and how people come in. */
export const groupSettings = {
  onlyAdminsSend: Type.Boolean({ description: 'Only admins send messages (an announcement group).' }),
  onlyAdminsEdit: Type.Boolean({ description: 'Only admins change subject, description, picture and timer.' }),
  onlyAdminsAdd: Type.Boolean({ description: 'Only admins add people.' }),
  joinApproval: Type.Boolean({ description: 'Admins approve who joins by the link.' }),
  disappearingSeconds: Type.Integer({
    minimum: 0,
    description: `Seconds after which messages disappear; 0: they stay. Phones offer ${DISAPPEARING_SECONDS.join(', ')}.`,
  }),
};

/** Somebody in a group, as WhatsApp names them. */
export const participantFact = Type.Object({
  jid: Type.String(),
  /** The other name of the person (LID or number), where WhatsApp tells it. */
  altJid: Type.Optional(Type.String()),
  role: oneOf(GROUP_ROLES),
});

/** A group as WhatsApp describes it. */
export const groupFacts = Type.Object({
  jid: Type.String(),
  subject: Type.String(),
  description: nullable(Type.String()),
  descriptionId: Type.Optional(Type.String()),
  owner: Type.Optional(Type.Object({ jid: Type.String(), altJid: Type.Optional(Type.String()) })),
  /** Seconds since 1970. */
  createdAt: Type.Optional(Type.Integer()),
  addressing: oneOf(['pn', 'lid']),
  ...groupSettings,
  /** The community that it belongs to. */
  community: Type.Optional(Type.String()),
  isCommunity: Type.Boolean(),
  /** The group of a community to which all of its members belong. */
  isAnnouncements: Type.Boolean(),
  size: Type.Integer(),
  participants: Type.Array(participantFact),
});
export type GroupFacts = Static<typeof groupFacts>;
export type ParticipantFact = Static<typeof participantFact>;

/** What has become of one person in a change of a group. */
export const PARTICIPANT_RESULTS = [
  'done',
  'already',
  'invitation_needed',
  'approval_pending',
  'left_recently',
  'not_on_whatsapp',
  'not_a_member',
  'not_allowed',
  'blocked',
  'group_full',
  'no_request',
  'no_invitation',
  'refused',
] as const;
export type ParticipantResultName = (typeof PARTICIPANT_RESULTS)[number];

const invitation = Type.Object(
  {
    code: invitationCode,
    expiresAt: nullable(timestamp()),
  },
  {
    description:
      'WhatsApp offers to invite the person instead: who is private about groups must accept. Send it as a message of type `groupInvite`.',
  },
);

/** What WhatsApp says of one person. */
export const participantAnswer = Type.Object({
  /** As it was asked for. */
  jid: Type.String(),
  altJid: Type.Optional(Type.String()),
  /** 200, or WhatsApp's code of the refusal. */
  code: Type.Integer(),
  invitation: Type.Optional(Type.Object({ code: Type.String(), expiresAt: Type.Optional(Type.Integer()) })),
});
export type ParticipantAnswer = Static<typeof participantAnswer>;

export const ParticipantResultSchema = Type.Object({
  ...IdentitySchema.properties,
  result: oneOf(
    PARTICIPANT_RESULTS,
    '`done`; `already`: it was so before. All others: nothing has changed for this person, and `sentence` says why.',
  ),
  sentence: Type.String({ description: 'What happened, and what can be done.' }),
  wa: Type.Integer({ description: "WhatsApp's code; 200: done." }),
  invitation: nullable(invitation),
});
export type ParticipantResult = Static<typeof ParticipantResultSchema>;

const EXAMPLE_PERSON: Identity = {
  contactId: '01a1fe67-59c3-7e76-818f-224716029ae0',
  phoneNumber: '+6281234567890',
  lid: '212345678901234@lid',
  jid: '6281234567890@s.whatsapp.net',
  name: 'Ann',
};
/** For descriptions of the API and of events. */
export const EXAMPLE_PARTICIPANT = EXAMPLE_PERSON;

const group = Type.String({ description: 'The group, as WhatsApp names it.', examples: [EXAMPLE_GROUP] });

export const GroupSchema = Type.Object({
  group,
  sessionId: Type.String({ examples: ['user123-personal'] }),
  subject: Type.String(),
  description: nullable(Type.String()),
  owner: nullable({ ...IdentitySchema, description: 'Who has made it, where WhatsApp says.' }),
  createdAt: nullable(timestamp()),
  isMember: Type.Boolean({ description: 'Whether the account is in the group.' }),
  role: nullable(oneOf(GROUP_ROLES, 'What the account is there; `null`: it is not in the group.')),
  participantCount: Type.Integer(),
  ...groupSettings,
  community: nullable(Type.String({ description: 'The community that it belongs to.' })),
  isCommunity: Type.Boolean({ description: 'It is a community: a group of groups.' }),
  isAnnouncements: Type.Boolean({ description: 'The group of a community to which all of its members belong.' }),
  asOf: timestamp('When WhatsApp has described it last. What it has told since is in it.'),
  ageSeconds: Type.Integer({ description: 'Seconds since `asOf`.' }),
});
export type Group = Static<typeof GroupSchema>;

export const GroupParticipantSchema = Type.Object({ ...IdentitySchema.properties, role: oneOf(GROUP_ROLES) });
export const GroupDetailSchema = Type.Object({
  ...GroupSchema.properties,
  participants: Type.Array(GroupParticipantSchema),
});
export type GroupDetail = Static<typeof GroupDetailSchema>;

export const ListGroupsResultSchema = Type.Object({
  groups: Type.Array(GroupSchema),
  pagination: PaginationSchema,
  asOf: nullable(timestamp('When WhatsApp has told the whole list last.')),
  isStale: Type.Boolean({
    description: 'true: the list is older than was asked for, and WhatsApp could not be asked.',
  }),
});

export const ParticipantResultsSchema = Type.Object({
  group,
  participants: Type.Array(ParticipantResultSchema, {
    description: 'One for each person, in the order of the request.',
  }),
});

export const CreatedGroupSchema = Type.Object({
  group,
  subject: Type.String(),
  community: nullable(Type.String({ description: 'The community that it belongs to.' })),
  participants: Type.Array(ParticipantResultSchema, {
    description: 'One for each person, in the order of the request.',
  }),
});

export const ChangedGroupSchema = Type.Object({
  group,
  changed: Type.Array(Type.String(), { description: 'The fields that WhatsApp has taken, in this order.' }),
});

export const GroupDoneSchema = Type.Object({ group });

export const GroupPictureSchema = Type.Object({
  group,
  pictureUrl: nullable(Type.String({ description: 'At WhatsApp, for some days. `null`: there is none.' })),
});

export const GroupInviteSchema = Type.Object({
  group,
  code: inviteCode,
  link: Type.String({ examples: ['https://chat.whatsapp.com/GZ3kq0bW9sH2mXy7TnVdLa'] }),
});

export const InvitedGroupSchema = Type.Object({
  group,
  subject: Type.String(),
  description: nullable(Type.String()),
  owner: nullable(IdentitySchema),
  createdAt: nullable(timestamp()),
  memberCount: Type.Integer(),
  joinApproval: groupSettings.joinApproval,
  community: nullable(Type.String()),
});

export const JoinedGroupSchema = Type.Object({
  group,
  isWaiting: Type.Boolean({ description: 'true: an admin has to approve it first.' }),
});

/** Whose invitation is accepted, in a body. */
export const acceptance = {
  inviter: Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'Who has sent the invitation: a phone number, a jid, a LID, or the id of a contact.',
    examples: ['+6281234567890'],
  }),
  code: invitationCode,
  expiresAt: timestamp('As the invitation says.'),
};

export const JoinRequestSchema = Type.Object({
  ...IdentitySchema.properties,
  requestedAt: nullable(timestamp()),
  method: nullable(Type.String({ description: 'How it was asked, as WhatsApp says it, such as `invite_link`.' })),
});
export const JoinRequestsSchema = Type.Object({ group, requests: Type.Array(JoinRequestSchema) });

export const CommunityGroupSchema = Type.Object({
  group,
  subject: Type.String(),
  isAnnouncements: Type.Boolean({ description: 'The group to which all members of the community belong.' }),
  memberCount: nullable(Type.Integer()),
});
export const CommunityGroupsSchema = Type.Object({
  community: Type.String({ description: 'The community, as WhatsApp names it.' }),
  groups: Type.Array(CommunityGroupSchema),
});
