import { type Static, Type } from 'typebox';
import { OUTGOING_MESSAGES, type OutgoingMessage } from '../phone/kinds/index.ts';

/** The schemas of the control API. The tests of its users depend on them. */

export const Refusal = Type.Object({
  error: Type.String({ description: 'A sentence that says what to do' }),
  code: Type.String(),
});

const PhoneNumber = Type.String({
  pattern: '^\\d{5,20}$',
  description: 'Phone number: digits only, with country code',
});
export const NumberParams = Type.Object({ number: PhoneNumber });
export const DeviceParams = Type.Object({ number: PhoneNumber, id: Type.Integer({ minimum: 1, maximum: 255 }) });
export const GroupParams = Type.Object({ id: Type.String({ pattern: '^[\\d-]+(@g\\.us)?$' }) });
export const IdParams = Type.Object({ id: Type.String() });

export const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const Receipts = Type.Union([
  Type.Object(
    {
      deliveredMs: Type.Integer({ minimum: 0, description: 'Delay of the delivered receipt' }),
      readMs: Type.Optional(
        // Not a union: the validator would try the integer first and convert null to 0, "read at once".
        Type.Unsafe<number | null>({
          type: ['integer', 'null'],
          minimum: 0,
          description: 'Delay of the read receipt; null: never',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  Type.Literal('off'),
]);

const AutoReplyRequest = Type.Union([
  Type.String({ minLength: 1, description: 'The text; `{text}` is what was received' }),
  Type.Object(
    { text: Type.String({ minLength: 1 }), delayMs: Type.Integer({ minimum: 0 }) },
    { additionalProperties: false },
  ),
  Type.Null(),
]);

const UnixSeconds = Type.Integer({ minimum: 1, description: 'Unix seconds' });

export const PastRequest = Type.Object(
  {
    chats: Type.Array(
      Type.Object(
        {
          chat: Type.String({
            pattern: '^(\\d{5,20}|[\\d-]+@g\\.us)$',
            description: 'Number of the other phone, or group jid',
          }),
          messages: Type.Optional(
            Type.Array(
              Type.Object(
                {
                  id: Type.Optional(Type.String({ minLength: 4 })),
                  text: Type.String(),
                  fromMe: Type.Optional(Type.Boolean()),
                  from: Type.Optional(PhoneNumber),
                  at: UnixSeconds,
                  image: Type.Optional(Type.String({ description: 'Base64 of a picture; the text is its caption' })),
                },
                { additionalProperties: false },
              ),
            ),
          ),
          count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Generated texts' })),
          stepSeconds: Type.Optional(Type.Integer({ minimum: 0, description: 'Between two of them; 600 when absent' })),
          newestAt: Type.Optional(UnixSeconds),
        },
        { additionalProperties: false },
      ),
    ),
    chunkMessages: Type.Optional(Type.Integer({ minimum: 1, description: 'Messages of one part; 5000 when absent' })),
    isDisordered: Type.Optional(Type.Boolean({ description: 'Parts come in the wrong order, and one of them twice' })),
  },
  { additionalProperties: false },
);

export const PhoneCreate = Type.Object(
  {
    number: Type.Optional(PhoneNumber),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    aliases: Type.Optional(
      Type.Array(PhoneNumber, {
        description: 'Other spellings of the number: a contact query for one is answered with this phone',
      }),
    ),
  },
  { additionalProperties: false },
);

const Business = Type.Object(
  {
    verifiedName: Type.String({ minLength: 1, maxLength: 200, description: 'Stands on its messages' }),
    description: Type.Optional(Type.String()),
    category: Type.Optional(Type.String()),
    address: Type.Optional(Type.String()),
    email: Type.Optional(Type.String()),
    websites: Type.Optional(Type.Array(Type.String())),
  },
  { additionalProperties: false },
);

export const PhoneChange = Type.Object(
  {
    business: Type.Optional(
      Type.Union([Business, Type.Null()], { description: 'Makes it the account of a business; null: of a person' }),
    ),
    picture: Type.Optional(
      nullable(Type.String({ minLength: 1, description: 'The profile picture as base64; null: none' })),
    ),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    about: Type.Optional(Type.String({ maxLength: 139 })),
    privacy: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Values by category, in the words of the protocol' }),
    ),
    receipts: Type.Optional(Receipts),
    autoReply: Type.Optional(AutoReplyRequest),
    online: Type.Optional(Type.Boolean({ description: 'An offline phone gets nothing until it is online again' })),
    decrypt: Type.Optional(Type.Boolean({ description: 'False: confirms without reading, for load tests' })),
    hidesLid: Type.Optional(
      Type.Boolean({ description: 'True: WhatsApp tells nobody the LID of the number, as before it had one' }),
    ),
  },
  { additionalProperties: false },
);

export const Device = Type.Object({
  id: Type.Integer(),
  device: Type.String({ description: '`<number>:<id>`, the name used in faults and in the recorder' }),
  jid: Type.String(),
  lid: Type.String(),
  platform: Type.String(),
  shownAs: Type.String({ description: 'What the phone shows among its linked devices' }),
  name: nullable(Type.String()),
  connected: Type.Boolean(),
  pairedAt: Type.Integer(),
  waiting: Type.Integer({ description: 'Stanzas that it has not acknowledged' }),
  preKeys: Type.Integer({ description: 'One-time prekeys left' }),
  dirty: Type.Array(Type.String(), { description: 'What it has to read anew, and has not confirmed' }),
});

export const Phone = Type.Object({
  number: Type.String(),
  name: Type.String(),
  jid: Type.String(),
  lid: Type.String(),
  aliases: Type.Array(Type.String()),
  hidesLid: Type.Boolean(),
  about: Type.String(),
  pictureId: nullable(Type.String()),
  privacy: Type.Record(Type.String(), Type.String()),
  disappearingSeconds: Type.Integer({ description: 'Of messages in new chats' }),
  blocked: Type.Array(Type.String(), { description: 'Numbers' }),
  addressBook: Type.Record(Type.String(), Type.String(), { description: 'Names by number' }),
  business: nullable(Business),
  online: Type.Boolean(),
  receipts: Receipts,
  autoReply: nullable(Type.Object({ text: Type.String(), delayMs: Type.Integer() })),
  decrypt: Type.Boolean(),
  messages: Type.Integer({ description: 'How many messages it shows' }),
  lastSeq: Type.Integer(),
  devices: Type.Array(Device),
});

export const Media = Type.Object({
  mimetype: nullable(Type.String()),
  path: Type.String(),
  mediaKey: Type.String(),
  fileSha256: Type.String(),
  fileEncSha256: Type.String(),
  bytes: Type.Optional(Type.Integer()),
  fileName: Type.Optional(Type.String()),
  seconds: Type.Optional(Type.Integer()),
  width: Type.Optional(Type.Integer()),
  height: Type.Optional(Type.Integer()),
  voice: Type.Optional(Type.Boolean()),
  gif: Type.Optional(Type.Boolean()),
  videoNote: Type.Optional(Type.Boolean({ description: 'A round video' })),
  viewOnce: Type.Optional(Type.Boolean()),
  animated: Type.Optional(Type.Boolean({ description: 'A sticker that moves' })),
  waveform: Type.Optional(Type.String({ description: 'Base64' })),
  thumbnail: Type.Optional(Type.String({ description: 'A JPEG, base64' })),
});

export const Message = Type.Object({
  seq: Type.Integer({ description: 'Position in this phone’s list; what `after` counts' }),
  id: Type.String(),
  from: Type.String(),
  fromDevice: Type.Integer(),
  fromMe: Type.Boolean(),
  chat: Type.String({ description: 'Number of the other side, or `…@g.us`' }),
  type: Type.String(),
  text: nullable(Type.String()),
  media: nullable(Media),
  details: Type.Record(Type.String(), Type.Unknown()),
  encryption: nullable(Type.String()),
  addressing: Type.Enum(['pn', 'lid']),
  wireCount: Type.Integer({ description: 'How often this id came on the wire; it is shown once' }),
  at: Type.Integer(),
  pushName: nullable(Type.String()),
  receipts: Type.Object({
    delivered: Type.Array(Type.String()),
    read: Type.Array(Type.String()),
    played: Type.Array(Type.String()),
  }),
  changed: Type.Object(
    {
      text: nullable(Type.String({ description: 'The words that an edit has put in place' })),
      isEdited: Type.Boolean(),
      isDeleted: Type.Boolean({ description: 'For everyone' }),
      isHidden: Type.Boolean({ description: 'Deleted for this account alone' }),
      reactions: Type.Record(Type.String(), Type.String(), { description: 'By number' }),
      pinnedFor: nullable(Type.Integer({ description: 'Seconds; null: not pinned' })),
      isKept: Type.Boolean(),
      isStarred: Type.Boolean(),
    },
    { description: 'What was done to it since it came, as the phone shows it' },
  ),
});

export const Chat = Type.Object({
  chat: Type.String({ description: 'Number of the other side, or `…@g.us`' }),
  isMarkedUnread: Type.Boolean(),
  isArchived: Type.Boolean(),
  isPinned: Type.Boolean(),
  mutedUntil: nullable(Type.Integer({ description: 'Milliseconds since 1970; -1: until it is unmuted' })),
  isDeleted: Type.Boolean(),
  isCleared: Type.Boolean(),
  labels: Type.Array(Type.String(), { description: 'Ids' }),
});
export type ChatView = Static<typeof Chat>;

export const Label = Type.Object({
  id: Type.String(),
  name: Type.String(),
  color: Type.Integer(),
  isDeleted: Type.Boolean(),
  messages: Type.Array(Type.String(), { description: 'Ids of the messages that have it' }),
});
export type LabelView = Static<typeof Label>;

export const MessagesQuery = Type.Object({
  after: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 })),
});

/** `oneOf` with a discriminator, so that an error is reported for the intended type. */
export const MessageRequest = Type.Unsafe<OutgoingMessage>({
  type: 'object',
  required: ['type'],
  discriminator: { propertyName: 'type' },
  oneOf: OUTGOING_MESSAGES,
});

export const ReceiptsRequest = Type.Object(
  {
    ids: Type.Array(Type.String(), { minItems: 1 }),
    type: Type.Enum(['delivered', 'read', 'played']),
  },
  { additionalProperties: false },
);

export const PresenceRequest = Type.Object(
  {
    state: Type.Enum(['available', 'unavailable', 'composing', 'recording', 'paused', 'subscribe'], {
      description: 'subscribe: the person opens the chat `to`, and sees from now on when that account comes and goes',
    }),
    to: Type.Optional(
      Type.String({ description: 'Number or group; needed for composing, recording, paused and subscribe' }),
    ),
  },
  { additionalProperties: false },
);

export const AppStateRequest = Type.Object(
  {
    action: Type.Enum([
      'archive',
      'mute',
      'pin',
      'star',
      'deleteForMe',
      'read',
      'clear',
      'delete',
      'label',
      'labelChat',
      'labelMessage',
      'pushName',
      'contact',
    ]),
    chat: Type.Optional(Type.String({ description: 'Number or group' })),
    until: Type.Optional(Type.Integer({ description: 'mute: milliseconds since 1970, or -1; default in 8 hours' })),
    label: Type.Optional(Type.String({ description: 'Id of the label' })),
    color: Type.Optional(Type.Integer({ description: 'label: default 0' })),
    on: Type.Optional(Type.Boolean({ default: true })),
    name: Type.Optional(Type.String()),
    message: Type.Optional(Type.String({ description: 'star, deleteForMe: id of a message in this phone’s list' })),
  },
  { additionalProperties: false },
);

export const BlockRequest = Type.Object(
  { number: PhoneNumber, isBlocked: Type.Optional(Type.Boolean({ default: true })) },
  { additionalProperties: false },
);

export const GroupCreate = Type.Object(
  {
    owner: PhoneNumber,
    subject: Type.String({ minLength: 1, maxLength: 100 }),
    participants: Type.Array(PhoneNumber),
    addressing: Type.Optional(Type.Enum(['pn', 'lid'], { default: 'lid' })),
    hidesNumbers: Type.Optional(
      Type.Boolean({ default: false, description: 'Messages and metadata do not tell the numbers of members' }),
    ),
  },
  { additionalProperties: false },
);

export const GroupChange = Type.Object(
  {
    by: Type.Optional(Type.String({ description: 'Number of the acting member; default the creator' })),
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    description: Type.Optional(nullable(Type.String())),
    announce: Type.Optional(Type.Boolean()),
    locked: Type.Optional(Type.Boolean()),
    ephemeralSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
    joinApproval: Type.Optional(Type.Boolean()),
    memberAddMode: Type.Optional(Type.Enum(['all_member_add', 'admin_add'])),
    picture: Type.Optional(nullable(Type.String({ minLength: 1, description: 'As base64; null: none' }))),
  },
  { additionalProperties: false },
);

export const ParticipantsChange = Type.Object(
  {
    by: Type.Optional(Type.String({ description: 'Number of the acting member; default the creator' })),
    action: Type.Enum(['add', 'remove', 'promote', 'demote', 'leave']),
    participants: Type.Array(PhoneNumber, { minItems: 1 }),
  },
  { additionalProperties: false },
);

export const JoinByLink = Type.Object({ number: PhoneNumber }, { additionalProperties: false });
export const JoinResult = Type.Object({ isMember: Type.Boolean({ description: 'false: an admin has to approve it' }) });

export const InvitePerson = Type.Object(
  {
    number: PhoneNumber,
    by: Type.Optional(PhoneNumber),
    seconds: Type.Optional(Type.Integer({ description: 'Until it expires. Default: three days' })),
  },
  { additionalProperties: false },
);
export const Invitation = Type.Object({
  code: Type.String(),
  by: Type.String(),
  expiresAt: Type.String({ format: 'date-time' }),
});
export const InvitedPhone = Type.Object({ number: PhoneNumber }, { additionalProperties: false });

export const ParticipantResults = Type.Object({
  participants: Type.Array(Type.Object({ number: Type.String(), error: nullable(Type.String()) })),
});

export const Group = Type.Object({
  id: Type.String(),
  subject: Type.String(),
  description: nullable(Type.String()),
  owner: Type.String(),
  addressing: Type.Enum(['pn', 'lid']),
  hidesNumbers: Type.Boolean(),
  announce: Type.Boolean(),
  locked: Type.Boolean(),
  ephemeralSeconds: Type.Integer(),
  memberAddMode: Type.String(),
  joinApproval: Type.Boolean(),
  inviteCode: Type.String(),
  formerCodes: Type.Array(Type.String(), { description: 'Codes that were replaced' }),
  community: nullable(Type.String({ description: 'The id of its community' })),
  hasPicture: Type.Boolean(),
  requests: Type.Array(Type.String(), { description: 'Numbers that wait for an admin' }),
  participants: Type.Array(Type.Object({ number: Type.String(), lid: nullable(Type.String()), role: Type.String() })),
});

export const CallRequest = Type.Object(
  {
    from: PhoneNumber,
    to: PhoneNumber,
    video: Type.Optional(Type.Boolean({ default: false })),
    ringMs: Type.Optional(Type.Integer({ minimum: 0, default: 10_000 })),
  },
  { additionalProperties: false },
);

export const CallAction = Type.Object(
  { action: Type.Enum(['accept', 'reject', 'hang-up'], { description: 'hang-up: also while it rings' }) },
  { additionalProperties: false },
);

export const Call = Type.Object({
  id: Type.String(),
  from: Type.String(),
  to: Type.String(),
  video: Type.Boolean(),
  status: Type.Enum(['ringing', 'accepted', 'rejected', 'ended']),
  startedAt: Type.Integer(),
});

export const Fault = Type.Record(Type.String(), Type.Unknown());

export const RecorderQuery = Type.Object({
  device: Type.Optional(Type.String({ description: 'Only of this device (`<number>:<id>`)' })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, default: 1000, description: 'The newest so many' }),
  ),
});

export const ResetRequest = Type.Object(
  {
    scope: Type.Optional(
      Type.Enum(['all', 'recorder', 'faults', 'messages'], {
        description: 'all: as freshly installed; messages: inboxes; recorder, faults: only these',
      }),
    ),
  },
  { additionalProperties: false },
);

export type PhoneView = Static<typeof Phone>;
export type DeviceView = Static<typeof Device>;
export type GroupView = Static<typeof Group>;
