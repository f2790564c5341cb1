import { type Static, Type } from 'typebox';
import { EVENT_RESPONSES } from './changes/index.ts';
import { IdentitySchema } from './identities.ts';
import { LIMITS } from './limits.ts';
import { nullable, oneOf, requestBody, timestamp } from './schema.ts';

const votes = Type.Integer({ minimum: 0, description: 'People who have chosen it now.' });

/** How many people have chosen what, in lists of messages. */
export const PollTotalsSchema = Type.Object({
  voters: Type.Integer({ minimum: 0, description: 'People whose vote counts now.' }),
  options: Type.Array(Type.Object({ name: Type.String(), votes }), { description: 'In the order of the poll.' }),
});
export type PollTotals = Static<typeof PollTotalsSchema>;

const people = (response: string) => Type.Integer({ minimum: 0, description: `People who have answered ${response}.` });
export const EventTotalsSchema = Type.Object({
  going: people('that they come'),
  notGoing: people('that they do not come'),
  maybe: people('maybe'),
});
export type EventTotals = Static<typeof EventTotalsSchema>;

/** One person who has voted, or answered. */
const person = {
  from: Type.String({ description: 'As WhatsApp names the person.' }),
  fromMe: Type.Boolean({ description: 'true: the account itself.' }),
  senderName: nullable(Type.String()),
  identity: IdentitySchema,
  timestamp: timestamp('When the person has chosen this.'),
};
const PersonSchema = Type.Object(person);
const GuestsSchema = Type.Object({
  ...person,
  extraGuests: Type.Optional(Type.Integer({ minimum: 1, description: 'Guests that come along.' })),
});

const message = {
  messageId: Type.String({ format: 'uuid' }),
  waMessageId: Type.String(),
  name: nullable(Type.String({ description: 'The question of the poll, or the name of the event.' })),
};

export const PollVotesSchema = Type.Object({
  ...message,
  selectableCount: Type.Integer({ description: 'How many options one person may choose; 0: any number.' }),
  voters: PollTotalsSchema.properties.voters,
  options: Type.Array(Type.Object({ name: Type.String(), votes, voters: Type.Array(PersonSchema) }), {
    description: 'In the order of the poll, each with those who have chosen it, the earliest first.',
  }),
});
export type PollVotes = Static<typeof PollVotesSchema>;

export const EventAnswersSchema = Type.Object({
  ...message,
  answers: Type.Array(
    Type.Object({
      response: oneOf(EVENT_RESPONSES),
      people: Type.Integer({ minimum: 0 }),
      extraGuests: Type.Integer({ minimum: 0, description: 'Guests that these people bring, in all.' }),
      from: Type.Array(GuestsSchema, { description: 'The earliest first.' }),
    }),
    { description: 'One entry for each possible answer.' },
  ),
});
export type EventAnswers = Static<typeof EventAnswersSchema>;

const clientMessageId = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: LIMITS.clientMessageId,
    pattern: '^[^\\u0000-\\u001f]*$',
    description:
      'Your own id of the vote or answer. A second one with the same id within 30 days is answered with the first.',
    examples: ['lunch-friday'],
  }),
);

export const VoteRequestSchema = requestBody(
  {
    options: Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.messageText }), {
      maxItems: LIMITS.pollOptions,
      uniqueItems: true,
      description: 'All options that are chosen now, as the poll says them. Empty: withdraws the vote.',
      examples: [['Yes']],
    }),
    clientMessageId,
  },
  { options: ['Yes'] },
);

export const AnswerRequestSchema = requestBody(
  {
    response: oneOf(EVENT_RESPONSES),
    extraGuests: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: 'Guests that come along, where the event allows them.' }),
    ),
    clientMessageId,
  },
  { response: 'going' },
);
