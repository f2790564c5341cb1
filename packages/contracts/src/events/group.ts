import { Type } from 'typebox';
import { EXAMPLE_PARTICIPANT, groupSettings } from '../groups.ts';
import { IdentitySchema } from '../identities.ts';
import { nullable, oneOf } from '../schema.ts';
import { event } from './event.ts';

/** What all events of groups have. */
const about = {
  chat: Type.String({ description: 'The group, as WhatsApp names it.' }),
  subject: nullable(Type.String({ description: 'Its name, where it is known.' })),
  actor: nullable({ ...IdentitySchema, description: 'Who has done it. `null`: WhatsApp does not say.' }),
  timestamp: Type.Integer({ description: "WhatsApp's time of it. Seconds since 1970." }),
};
const participants = Type.Array(IdentitySchema);

const EXAMPLE = {
  chat: '120363025246125486@g.us',
  subject: 'Orders of today',
  actor: EXAMPLE_PARTICIPANT,
  timestamp: 1_768_473_000,
};

export const PARTICIPANT_ACTIONS = ['add', 'remove', 'leave', 'promote', 'demote', 'modify'] as const;
export const JOIN_REQUEST_STATES = ['asked', 'withdrawn', 'rejected'] as const;

/** Events of groups. */
export const GROUP_EVENTS = {
  'group.joined': event({
    summary: 'The account is in a group from now on: it has made it or joined it, or somebody has added it.',
    data: Type.Object({
      ...about,
      participantCount: nullable(Type.Integer({ description: 'Where WhatsApp has described the group.' })),
    }),
    example: { ...EXAMPLE, participantCount: 12 },
    keep: 'log',
  }),
  'group.left': event({
    summary: 'The account is not in a group any more: it has left, was removed, or the group was deleted.',
    data: Type.Object({ ...about, reason: oneOf(['left', 'removed', 'deleted']) }),
    example: { ...EXAMPLE, reason: 'removed' },
    keep: 'log',
  }),
  'group.updated': event({
    summary: 'Subject, description, picture, timer, settings or community of a group have changed.',
    data: Type.Object({
      ...about,
      changes: Type.Object(
        {
          subject: Type.Optional(Type.String()),
          description: Type.Optional(nullable(Type.String({ description: '`null`: it was removed.' }))),
          picture: Type.Optional(oneOf(['set', 'removed'])),
          community: Type.Optional(nullable(Type.String({ description: '`null`: it belongs to none any more.' }))),
          ...Object.fromEntries(
            Object.entries(groupSettings).map(([name, schema]) => [name, Type.Optional(schema)] as const),
          ),
        },
        { description: 'What has changed, with its value from now on.' },
      ),
    }),
    example: { ...EXAMPLE, changes: { subject: 'Orders of today' } },
    keep: 'log',
  }),
  'group.participants': event({
    summary: 'People were added to a group or removed from it, have left it, or have become admins or members.',
    data: Type.Object({
      ...about,
      action: oneOf(PARTICIPANT_ACTIONS, '`modify`: somebody has another number now.'),
      participants,
      participantCount: nullable(Type.Integer({ description: 'From now on, where it is known.' })),
    }),
    example: { ...EXAMPLE, action: 'add', participants: [EXAMPLE_PARTICIPANT], participantCount: 13 },
    keep: 'log',
  }),
  'group.join_request': event({
    summary: 'Somebody asks to join a group, does not any more, or was rejected. For admins.',
    data: Type.Object({
      ...about,
      state: oneOf(JOIN_REQUEST_STATES),
      method: nullable(Type.String({ description: 'How it was asked, as WhatsApp says it, such as `invite_link`.' })),
      participants,
    }),
    example: { ...EXAMPLE, state: 'asked', method: 'invite_link', participants: [EXAMPLE_PARTICIPANT] },
    keep: 'log',
  }),
  'group.invite_revoked': event({
    summary: 'The link that invites into a group was replaced by another one.',
    data: Type.Object({ ...about, code: nullable(Type.String({ description: 'The code from now on.' })) }),
    example: { ...EXAMPLE, code: 'GZ3kq0bW9sH2mXy7TnVdLa' },
    keep: 'log',
  }),
};
