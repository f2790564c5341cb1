import { type Static, Type } from 'typebox';
import { groupName } from './groups.ts';
import { LIMITS } from './limits.ts';
import { MESSAGE_STATES } from './message-states.ts';
import { CursorPaginationSchema, cursorQuery, PaginationSchema, pageQuery } from './paging.ts';
import { anyObject, line, nullable, oneOf, requestBody, timestamp } from './schema.ts';
import { type MessageTemplate, MessageTemplateSchema } from './send-requests.ts';

/** Limits of broadcasts. */
export const BROADCAST_LIMITS = {
  /** Rows of the list of one broadcast, those that cannot be read included. */
  recipients: 100_000,
  /** Recipients of one request in JSON. */
  perRequest: 5_000,
  /** Bytes of such a request. */
  jsonBytes: 5 * 1024 * 1024,
  /** Bytes of a CSV file. */
  csvBytes: 50 * 1024 * 1024,
  /** Variants of the message. */
  variants: 10,
  /** Sessions that carry one broadcast. */
  sessions: 50,
  /** Columns of a file that become variables. */
  variables: 50,
  /** Characters of one value. */
  value: 1_000,
  /** Refused rows that the answer names. The report has all of them. */
  refusals: 100,
  /** Recipients that are given to the outbox at a time. */
  chunk: 50,
  /** Messages of broadcasts that may wait in the outbox of a session: back-pressure. */
  depth: 100,
} as const;

/** The states of a broadcast. The last two are final. */
export const BROADCAST_STATUSES = ['draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled'] as const;
export type BroadcastStatus = (typeof BROADCAST_STATUSES)[number];

/** What became of a recipient. */
export const RECIPIENT_STATES = [
  'pending',
  'queued',
  'sent',
  'failed',
  'unknown',
  'skipped',
  'cancelled',
  'invalid',
] as const;
export type RecipientState = (typeof RECIPIENT_STATES)[number];

/** Why a running broadcast does not go on now, or a paused one was paused: `at_risk` is the guard of a session. */
export const BROADCAST_WAITS = ['no_session', 'tier_limit', 'time_lock', 'queue_full', 'at_risk'] as const;
export type BroadcastWait = (typeof BROADCAST_WAITS)[number];

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const BroadcastCountsSchema = Type.Object(
  {
    total: count('All rows of the list. The other figures add up to it.'),
    pending: count('Not yet given to a session.'),
    queued: count('Accepted; the session has not sent it yet.'),
    sent: count('WhatsApp has acknowledged it.'),
    failed: count('Refused; the report says why.'),
    unknown: count('It may have been sent: the connection ended before the acknowledgement.'),
    skipped: count('Nobody was written to: opted out, a duplicate, a variable without a value.'),
    cancelled: count('Left over when the broadcast was cancelled.'),
    invalid: count('Rows that name no recipient.'),
  },
  { description: 'Recipients by their state.' },
);
export type BroadcastCounts = Static<typeof BroadcastCountsSchema>;

const slug = Type.String({ minLength: 1, maxLength: 100, examples: ['user123-personal'] });
const name = line({ minLength: 1, maxLength: 200, description: 'For people.', examples: ['Opening hours'] });

const message = Type.Unsafe<string | MessageTemplate>({
  anyOf: [
    { type: 'string', minLength: 1, maxLength: LIMITS.messageText, pattern: '\\S', description: 'A text.' },
    MessageTemplateSchema,
  ],
  description: 'A text, or a message of any kind with the fields that it is sent with, but `to`.',
  examples: ['Hello {{name|friend}}, we open at nine.'],
});

const variables = Type.Unsafe<Record<string, string | number>>({
  type: 'object',
  additionalProperties: { type: ['string', 'number'], maxLength: BROADCAST_LIMITS.value },
  maxProperties: BROADCAST_LIMITS.variables,
  description: 'Values of the variables in the texts.',
  examples: [{ order: '4711' }],
});

/** A recipient as a request names it. */
export const BroadcastRecipientSchema = Type.Unsafe<
  string | { to: string | number; name?: string; variables?: Record<string, string | number> }
>({
  anyOf: [
    { type: 'string', minLength: 1, maxLength: 200, description: 'The same as `to` alone.' },
    {
      type: 'object',
      additionalProperties: false,
      required: ['to'],
      properties: {
        to: {
          type: ['string', 'integer'],
          minLength: 1,
          maxLength: 200,
          description: 'As of a message: a number in any spelling, a LID, a group.',
        },
        name: line({ maxLength: 200, description: 'The variable `name`.' }),
        variables,
      },
    },
  ],
  examples: [{ to: '+6281234567890', name: 'Ann' }],
});
export type GivenRecipient = Static<typeof BroadcastRecipientSchema>;

/** Where recipients come from; a request may name several of these. */
const recipientSources = {
  recipients: Type.Optional(
    Type.Array(BroadcastRecipientSchema, { minItems: 1, maxItems: BROADCAST_LIMITS.perRequest }),
  ),
  contacts: Type.Optional(
    Type.Object(
      {
        label: Type.Optional(line({ minLength: 1, maxLength: 63, description: 'Contacts with this label.' })),
        search: Type.Optional(line({ minLength: 1, maxLength: 100, description: 'A part of a name or number.' })),
        sessionId: Type.Optional(slug),
      },
      {
        additionalProperties: false,
        description:
          'Contacts of the workspace: with a label, found by a search, met by a session; all of them without any of these.',
      },
    ),
  ),
  chats: Type.Optional(
    Type.Object(
      { sessionId: slug, label: line({ minLength: 1, maxLength: 100, description: 'Its id or its name.' }) },
      {
        additionalProperties: false,
        description: 'The people whose chats have a label of WhatsApp Business, which is the account’s own.',
      },
    ),
  ),
  group: Type.Optional(
    Type.Object(
      { sessionId: slug, group: groupName },
      {
        additionalProperties: false,
        description:
          'The members of a group that the session is in, each written to alone. Accounts of the workspace are left out.',
      },
    ),
  ),
};

/** The names of {@link recipientSources}. */
export const RECIPIENT_SOURCES = [
  'recipients',
  'contacts',
  'chats',
  'group',
] as const satisfies readonly (keyof typeof recipientSources)[];

const sessionIds = Type.Array(slug, {
  minItems: 1,
  maxItems: BROADCAST_LIMITS.sessions,
  uniqueItems: true,
  description:
    'The sessions that carry it. A recipient that one of them has met keeps that one. Default: the default session.',
});
const variants = Type.Array(message, {
  minItems: 1,
  maxItems: BROADCAST_LIMITS.variants,
  description: 'In place of `message`: several, which the recipients get in turns.',
});
const metadata = anyObject({
  maxProperties: 50,
  description: 'Yours; comes back in its messages and their webhooks.',
});

export const CreateBroadcastRequestSchema = requestBody(
  {
    name: Type.Optional(name),
    sessionIds: Type.Optional(sessionIds),
    message: Type.Optional(message),
    variants: Type.Optional(variants),
    ...recipientSources,
    metadata: Type.Optional(metadata),
    scheduledAt: Type.Optional(timestamp('When it starts by itself. A time that has passed: at once.')),
    start: Type.Optional(Type.Boolean({ description: 'true: it starts now. Default: it is a draft.' })),
  },
  {
    name: 'Opening hours',
    message: 'Hello {{name|friend}}, we open at nine.',
    recipients: [{ to: '+6281234567890', name: 'Ann' }, '+6281298765432'],
  },
);

export const AddRecipientsRequestSchema = requestBody(recipientSources, {
  recipients: [{ to: '+6281234567890', name: 'Ann', variables: { order: '4711' } }],
});
export type AddRecipientsRequest = Static<typeof AddRecipientsRequestSchema>;

export const UpdateBroadcastRequestSchema = Type.Object(
  {
    name: Type.Optional(name),
    sessionIds: Type.Optional(sessionIds),
    message: Type.Optional(message),
    variants: Type.Optional(variants),
    metadata: Type.Optional(metadata),
    scheduledAt: Type.Optional(
      nullable(timestamp('When it starts by itself. A time that has passed: at once. null: by hand.')),
    ),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    examples: [{ name: 'Opening hours, again', message: 'Hello {{name|friend}}, we open at ten.' }],
  },
);

export const BroadcastSchema = Type.Object({
  broadcastId: Type.String({ format: 'uuid' }),
  name: Type.String(),
  status: oneOf(BROADCAST_STATUSES, '`completed` and `cancelled` are final.'),
  sessionIds: Type.Array(Type.String(), { description: 'The sessions that carry it and are still there.' }),
  messages: Type.Array(
    Type.Object({
      type: Type.String(),
      text: nullable(Type.String()),
      content: nullable(anyObject()),
    }),
    { description: 'The message, or its variants, with the variables in their texts.' },
  ),
  variables: Type.Array(Type.String(), { description: 'The variables in the texts.' }),
  counts: BroadcastCountsSchema,
  progress: Type.Number({
    minimum: 0,
    maximum: 1,
    description: 'The share of the list that is done. It never goes back.',
  }),
  isSettled: Type.Boolean({
    description:
      'true: the counts are final. A cancelled broadcast is settled when what was in flight at that moment has its outcome.',
  }),
  waitsFor: nullable(
    oneOf(
      BROADCAST_WAITS,
      'Why a running one does not go on now: no session can send, the messages of the tier are used up, WhatsApp holds back new chats, or the sessions have enough to send. Of a paused one `at_risk`: the risk guard of a session has paused it, and it goes on when somebody resumes it.',
    ),
  ),
  reason: nullable(
    Type.String({
      description: 'Why it was paused by itself, and what to do, in a sentence for people.',
      examples: ['Session shop is at risk (score 62). Read GET /api/sessions/shop/risk, then resume the broadcast.'],
    }),
  ),
  waitsUntil: nullable(timestamp()),
  metadata: nullable(anyObject()),
  scheduledAt: nullable(timestamp()),
  startedAt: nullable(timestamp()),
  endedAt: nullable(timestamp()),
  createdAt: timestamp(),
});
export type Broadcast = Static<typeof BroadcastSchema>;

export const AddedRecipientsSchema = Type.Object({
  added: Type.Integer({ description: 'Rows that are recipients now.' }),
  duplicates: Type.Integer({ description: 'Rows of people who are in the list already, in whatever spelling.' }),
  refused: Type.Integer({ description: 'Rows that name no recipient.' }),
  refusals: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String() }), {
    description: `The first ${BROADCAST_LIMITS.refusals} of these, by their line in the file or their place in the request; each reason is a code with its sentence. The report has all.`,
  }),
  total: Type.Integer({ description: 'Rows of the list now.' }),
});
export type AddedRecipients = Static<typeof AddedRecipientsSchema>;

/** A broadcast as its creation answers it. */
export const CreatedBroadcastSchema = Type.Object({
  ...BroadcastSchema.properties,
  recipients: AddedRecipientsSchema,
});
export type CreatedBroadcast = Static<typeof CreatedBroadcastSchema>;

export const BroadcastParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, examples: ['01a1fe67-59c3-7e76-818f-224716029ae9'] }),
});

export const ListBroadcastsQuerySchema = Type.Object({
  ...pageQuery,
  status: Type.Optional(oneOf(BROADCAST_STATUSES)),
});
export type ListBroadcastsQuery = Static<typeof ListBroadcastsQuerySchema>;

export const ListBroadcastsResultSchema = Type.Object({
  broadcasts: Type.Array(BroadcastSchema),
  pagination: PaginationSchema,
});
export type ListBroadcastsResult = Static<typeof ListBroadcastsResultSchema>;

export const DeleteBroadcastResultSchema = Type.Object({
  broadcastId: Type.String({ format: 'uuid' }),
  deleted: Type.Literal(true),
});

export const PreviewBroadcastRequestSchema = nullable(
  requestBody(
    {
      to: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: 'Who it is for. Default: the first of the list.' }),
      ),
      name: Type.Optional(line({ maxLength: 200 })),
      variables: Type.Optional(variables),
      variant: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: BROADCAST_LIMITS.variants,
          description: 'Default: that of the recipient.',
        }),
      ),
    },
    { to: '+6281234567890', variables: { order: '4711' } },
  ),
);

export const BroadcastPreviewSchema = Type.Object({
  to: Type.String({ description: 'The recipient, as a jid.' }),
  variant: Type.Integer({ description: 'Which of the variants, from 1.' }),
  type: Type.String(),
  text: nullable(Type.String()),
  content: nullable(anyObject()),
  missing: Type.Array(Type.String(), {
    description: 'Variables without a value and without a fall-back: such a recipient is skipped.',
  }),
  skippedBecause: nullable(Type.String({ description: 'Why this recipient would be skipped now.' })),
});
export type BroadcastPreview = Static<typeof BroadcastPreviewSchema>;

export const REPORT_FORMATS = ['json', 'csv'] as const;

export const BroadcastReportQuerySchema = Type.Object({
  ...cursorQuery,
  state: Type.Optional(oneOf(RECIPIENT_STATES, 'Only recipients in this state.')),
  format: Type.Optional(oneOf(REPORT_FORMATS, '`csv`: all rows as a file, without pages. Default: json.')),
});
export type BroadcastReportQuery = Static<typeof BroadcastReportQuerySchema>;

export const BroadcastReportRowSchema = Type.Object({
  position: Type.Integer({ description: 'Place in the list, from 1.' }),
  line: nullable(Type.Integer({ description: 'Line of the file that it came in.' })),
  recipient: Type.String({ description: 'As it was given.' }),
  jid: nullable(Type.String({ description: 'As WhatsApp names it.' })),
  name: nullable(Type.String()),
  state: oneOf(RECIPIENT_STATES),
  reason: nullable(
    Type.String({
      description:
        'Why it was skipped, refused or failed: `opted_out`, `duplicate`, `missing_variable`, or a code with its sentence, such as `leading_zero: A number begins with its country code, not with 0 or 00.`',
    }),
  ),
  sessionId: nullable(Type.String({ description: 'The session that wrote to it.' })),
  variant: nullable(Type.Integer({ description: 'Which of the variants, from 1.' })),
  messageId: nullable(Type.String({ format: 'uuid' })),
  messageState: nullable(oneOf(MESSAGE_STATES, 'The state of the message now.')),
  sentAt: nullable(timestamp()),
  deliveredAt: nullable(timestamp()),
  readAt: nullable(timestamp()),
});
export type BroadcastReportRow = Static<typeof BroadcastReportRowSchema>;

export const BroadcastReportSchema = Type.Object({
  broadcast: BroadcastSchema,
  delivered: Type.Integer({ description: 'Messages that a phone of the recipient has by now, read ones included.' }),
  read: Type.Integer({ description: 'Messages that were read by now.' }),
  reasons: Type.Array(Type.Object({ state: oneOf(RECIPIENT_STATES), reason: Type.String(), count: Type.Integer() }), {
    description: 'How many recipients were skipped, refused or failed for which reason; the most frequent first.',
  }),
  recipients: Type.Array(BroadcastReportRowSchema),
  pagination: CursorPaginationSchema,
});
export type BroadcastReport = Static<typeof BroadcastReportSchema>;
