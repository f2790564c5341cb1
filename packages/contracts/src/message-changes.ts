import { type Static, Type } from 'typebox';
import { CHANGE_NAMES } from './changes/index.ts';
import { MESSAGE_STATES, MESSAGE_STATUSES } from './message-states.ts';
import { MESSAGE_SOURCES, MESSAGE_TYPES } from './message-types.ts';
import { anyObject, nullable, oneOf, timestamp } from './schema.ts';

const change = {
  changeId: Type.String({ description: "WhatsApp's id of the change itself.", examples: ['3EB0C2D3E4F5A6B7C8D9E0'] }),
  from: Type.String({ description: 'Who did it, as WhatsApp names them.' }),
  fromMe: Type.Boolean({ description: 'true: the account itself.' }),
  senderName: nullable(Type.String()),
  timestamp: timestamp("WhatsApp's own time of the change."),
};

export const ReactionSchema = Type.Object({ emoji: Type.String({ examples: ['👍'] }), ...change });
export type Reaction = Static<typeof ReactionSchema>;

/** What a message said. */
const saying = {
  type: oneOf(MESSAGE_TYPES),
  text: nullable(Type.String()),
  content: Type.Optional(anyObject({ description: 'What is not text.' })),
};

export const MessageChangeSchema = Type.Object({
  kind: oneOf(CHANGE_NAMES),
  ...change,
  isCurrent: Type.Boolean({
    description:
      'Whether it counts now. A later one of its kind replaces an edit, a pin, and the reaction, the vote or the answer of a person.',
  }),
  byAdmin: Type.Boolean({ description: 'Of a deletion: an administrator of the group has made it.' }),
  data: anyObject({
    description:
      'edit: `type`, `text`, `content`; reaction: `emoji`; pin: `isPinned`, `seconds`; keep: `isKept`; vote: `options`; answer: `response`.',
  }),
  source: Type.Optional(
    oneOf(MESSAGE_SOURCES, 'Of a change by the account: `api`, or `phone` for its phone and other devices.'),
  ),
  status: Type.Optional(oneOf(MESSAGE_STATUSES, 'Of a change by the API: what has become of it.')),
  state: Type.Optional(oneOf(MESSAGE_STATES, 'The exact state behind the status.')),
  error: Type.Optional(Type.Object({ code: nullable(Type.String()), message: nullable(Type.String()) })),
  previous: Type.Optional(
    Type.Object(saying, { description: 'What the message said until then: of an edit or a deletion.' }),
  ),
});
export type MessageChange = Static<typeof MessageChangeSchema>;

export const ListMessageChangesResultSchema = Type.Object({
  messageId: Type.String({ format: 'uuid' }),
  waMessageId: Type.String(),
  changes: Type.Array(MessageChangeSchema, { description: 'Oldest first.' }),
});
export type ListMessageChangesResult = Static<typeof ListMessageChangesResultSchema>;
