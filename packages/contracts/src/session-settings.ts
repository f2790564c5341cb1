import { type Static, Type } from 'typebox';
import { HISTORY_DEPTHS } from './history.ts';
import { LIMITS } from './limits.ts';
import { FILE_TYPES, type FileType } from './media.ts';
import { anyObject, oneOf } from './schema.ts';
import { ON_UNCERTAIN } from './send-requests.ts';
import { type WeeklyHours, weeklyHours } from './weekly-hours.ts';

const LABEL_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';
const MAX_LABELS = 20;

const onUncertain = oneOf(
  ON_UNCERTAIN,
  'What sends of this session do that do not say it themselves: see `onUncertain` of POST /api/sessions/{id}/send.',
);

const mediaDownload = Type.Unsafe<{ auto: boolean | FileType[]; maxBytes?: number }>({
  ...Type.Object(
    {
      auto: Type.Union([Type.Boolean(), Type.Array(oneOf(FILE_TYPES), { uniqueItems: true, maxItems: 5 })], {
        description: 'true: all files, false: none, or the types of messages whose files are fetched.',
      }),
      maxBytes: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 2_147_483_648, description: 'Only files up to this size.' }),
      ),
    },
    { additionalProperties: false },
  ),
  description:
    'Which received files are fetched from WhatsApp at arrival. The others stay `pending` until POST /api/messages/{id}/media/retry asks for them.',
  examples: [{ auto: ['image', 'audio'], maxBytes: 5_000_000 }],
});

const history = oneOf(
  HISTORY_DEPTHS,
  'How much of the chats of before the linking is taken in: `none`, `recent` (what the phone sends to every new device, some months), or `full` (all that it gives away). The phone is asked when it links the session: set it before. `none` also stops what is still coming.',
);
const fillGaps = Type.Boolean({
  description:
    'After an hour or more without a connection, and after a restored backup, the phone is asked for what may be missing of the chats in which something is said afterwards.',
});
/** Browsers that phones know a picture of. */
export const DEVICE_BROWSERS = ['chrome', 'edge', 'firefox', 'opera', 'safari'] as const;

const device = Type.Unsafe<{ name?: string; browser?: (typeof DEVICE_BROWSERS)[number] }>({
  ...Type.Object(
    {
      name: Type.Optional(
        Type.String({ minLength: 1, maxLength: 50, pattern: '^[^\\u0000-\\u001f\\ud800-\\udfff]*$' }),
      ),
      browser: Type.Optional(oneOf(DEVICE_BROWSERS)),
    },
    { additionalProperties: false },
  ),
  description:
    'What the phone shows among its linked devices. It is told when the device is linked: a change holds from the next link on. Without it, the operator’s.',
  examples: [{ name: 'Front desk', browser: 'chrome' }],
});

/** The kinds of chats that a session may be told to ignore. */
export const IGNORED_CHATS = ['persons', 'groups', 'channels', 'status', 'broadcasts'] as const;
export type IgnoredChat = (typeof IGNORED_CHATS)[number];

const ignore = Type.Unsafe<IgnoredChat[]>({
  type: 'array',
  items: { type: 'string', enum: [...IGNORED_CHATS] },
  uniqueItems: true,
  maxItems: IGNORED_CHATS.length,
  description: [
    'Chats whose messages are as if they had not come: they are not stored, and no event tells of them. Their senders get the receipts',
    'all the same, and messages to these chats can be sent.',
  ].join(' '),
  examples: [['groups', 'status']],
});
const statusUpdates = Type.Boolean({
  description:
    'Status updates of others come as messages of the chat `status@broadcast`, with their files, and so do those that the account posts on its phone. false: they are not read, and nobody learns that they have come.',
});
const alwaysOnline = Type.Boolean({
  description: 'The account shows itself online while the session is connected. Its phone does not ring then.',
});
const readReceipts = Type.Boolean({
  description:
    'false: what the session marks as read, senders do not learn; the devices of the account do. The privacy settings of the account may forbid it besides.',
});
const autoRead = Type.Boolean({ description: 'Messages are marked as read as they come.' });

const engineEvents = Type.Boolean({
  description:
    'What Baileys emits is told as `engine.event` to the streams that name it, also of chats that are ignored. Keys and secrets are not in it.',
});

/** What happens to calls that come in. */
export interface CallSettings {
  reject: boolean;
  reply: string | null;
  hours: WeeklyHours | null;
}
const calls = Type.Unsafe<CallSettings>({
  type: 'object',
  additionalProperties: false,
  required: ['reject', 'reply', 'hours'],
  properties: {
    reject: Type.Boolean({ description: 'Calls are rejected as soon as they ring; those of groups ring on.' }),
    reply: {
      type: ['string', 'null'],
      minLength: 1,
      maxLength: LIMITS.messageText,
      pattern: '\\S',
      description: 'What the caller gets as a message then, once for each call. null: nothing.',
    },
    hours: {
      anyOf: [weeklyHours('Calls are rejected within these hours alone.'), { type: 'null' }],
      description: 'null: at all times.',
    },
  },
  description: 'Whether calls are rejected by the session itself.',
  examples: [{ reject: true, reply: 'Please write to us: nobody answers calls here.', hours: null }],
});
const metadata = anyObject({
  maxProperties: 50,
  description:
    'Comes back in `metadata` of each event and webhook of the session. What is attached to a message counts before it, and it counts before that of the webhook.',
  examples: [{ tenant: 'acme' }],
});

/** The settings of a session. Each one has an effect. The row of the session has only those that were set. */
export const SessionSettingsSchema = Type.Object({
  labels: Type.Unsafe<Record<string, string>>({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Names and values of your own; GET /api/sessions?label=shop:berlin finds by them.',
    examples: [{ shop: 'berlin' }],
  }),
  onUncertain,
  mediaDownload,
  history,
  fillGaps,
  device,
  ignore,
  statusUpdates,
  alwaysOnline,
  readReceipts,
  autoRead,
  engineEvents,
  calls,
  metadata,
});
export type SessionSettings = Static<typeof SessionSettingsSchema>;

/** The settings in a request. Each given field replaces the present one. */
export const SessionSettingsChangeSchema = Type.Object(
  {
    labels: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        maxProperties: MAX_LABELS,
        propertyNames: { pattern: LABEL_NAME },
        additionalProperties: { type: 'string', maxLength: 200, pattern: '^[^\\u0000-\\u001f\\ud800-\\udfff]*$' },
        description: `At most ${MAX_LABELS}; they replace all labels of before. Names: A-Z a-z 0-9 . _ -`,
      }),
    ),
    onUncertain: Type.Optional(onUncertain),
    mediaDownload: Type.Optional(mediaDownload),
    history: Type.Optional(history),
    fillGaps: Type.Optional(fillGaps),
    device: Type.Optional(device),
    ignore: Type.Optional(ignore),
    statusUpdates: Type.Optional(statusUpdates),
    alwaysOnline: Type.Optional(alwaysOnline),
    readReceipts: Type.Optional(readReceipts),
    autoRead: Type.Optional(autoRead),
    engineEvents: Type.Optional(engineEvents),
    calls: Type.Optional(calls),
    metadata: Type.Optional(metadata),
  },
  { additionalProperties: false },
);

/** The settings with defaults for those that are not set. */
export const withDefaultSettings = (set: Partial<SessionSettings>): SessionSettings => ({
  labels: {},
  onUncertain: 'resend',
  mediaDownload: { auto: true },
  history: 'none',
  fillGaps: true,
  device: {},
  ignore: [],
  statusUpdates: false,
  alwaysOnline: false,
  readReceipts: true,
  autoRead: false,
  engineEvents: false,
  calls: { reject: false, reply: null, hours: null },
  metadata: {},
  ...set,
});

/** `?label=` of the list of sessions: a name, or a name and its value. */
export const labelFilter = Type.String({
  maxLength: 300,
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}(:[^\\u0000-\\u001f\\ud800-\\udfff]*)?$',
  description: 'Only sessions with this label: `name`, or `name:value`.',
  examples: ['shop:berlin'],
});
