import { type Static, Type } from 'typebox';
import { nullable, oneOf, timestamp } from './schema.ts';

/** Whose clock says when it is quiet. */
export const QUIET_CLOCKS = ['session', 'recipient'] as const;

/** An IANA name; whether there is such a zone, the route checks. */
export const timeZone = (description: string) =>
  Type.String({
    pattern: '^[A-Za-z0-9_+/-]{1,64}$',
    description,
    examples: ['Asia/Jakarta'],
  });

const timeOfDay = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', examples: ['21:00'] });

const gap = (description: string) => Type.Integer({ minimum: 0, maximum: 3_600_000, description });
const perDay = (description: string) => nullable(Type.Integer({ minimum: 0, maximum: 1_000_000, description }));

/** How fast a session sends what is paced: bulk, scheduled and `low` messages. */
export const PacingSettingsSchema = Type.Object(
  {
    mode: oneOf(
      ['on', 'off'],
      '`off`: only WhatsApp’s own restrictions slow messages down. The account is likely to be banned for sending in bulk then.',
    ),
    messageGapMs: gap('Milliseconds between two messages of `message-queue`, at least.'),
    broadcastGapMs: gap('Milliseconds between two messages of `broadcast-queue`, at least.'),
    jitter: Type.Number({
      minimum: 0,
      maximum: 5,
      description:
        'A random pause on top of each gap, distributed log-normally: its median is this part of the gap. 0: none.',
    }),
    chatGapMs: gap('Milliseconds between two messages into the same chat, at least.'),
    timeZone: timeZone(
      'The zone of the session: its days are counted there, and its quiet hours are told by its clock.',
    ),
    quietHours: nullable(
      Type.Object(
        {
          from: timeOfDay,
          to: timeOfDay,
          clock: oneOf(
            QUIET_CLOCKS,
            '`recipient`: the clock of the recipient’s country, told by the number; in all its zones it must be past the quiet hours.',
          ),
        },
        { additionalProperties: false, description: 'Nothing paced goes from `from` to `to`. null: no quiet hours.' },
      ),
    ),
    dailyLimit: perDay('Paced messages of a day. null: no limit but the warm-up.'),
    warmUp: Type.Boolean({
      description:
        'A number begins with few messages a day, and gets more with the days since its pairing and with the people who write to it.',
    }),
    firstContactsPerDay: perDay('Messages a day to people who have never written to the account. null: no limit.'),
    firstContactsPerHour: nullable(
      Type.Integer({ minimum: 1, maximum: 100_000, description: 'The same in an hour, evenly. null: no limit.' }),
    ),
    riskGuard: nullable(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description:
          'When the risk score of the session reaches this, its broadcasts are paused until somebody resumes them, in either mode. null: no guard.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type PacingSettings = Static<typeof PacingSettingsSchema>;

export const DEFAULT_PACING: PacingSettings = {
  mode: 'on',
  messageGapMs: 1_000,
  broadcastGapMs: 2_000,
  jitter: 0.3,
  chatGapMs: 6_000,
  timeZone: 'UTC',
  quietHours: null,
  dailyLimit: null,
  warmUp: true,
  firstContactsPerDay: 50,
  firstContactsPerHour: 10,
  riskGuard: 50,
};

/** The settings with defaults for those that are not set. */
export const withDefaultPacing = (set: Partial<PacingSettings>): PacingSettings => ({ ...DEFAULT_PACING, ...set });

/** Each given field replaces the present one. */
export const UpdatePacingRequestSchema = Type.Object(Type.Partial(PacingSettingsSchema).properties, {
  additionalProperties: false,
  minProperties: 1,
  examples: [
    {
      messageGapMs: 2_000,
      timeZone: 'Asia/Jakarta',
      quietHours: { from: '21:00', to: '08:00', clock: 'recipient' },
    },
  ],
});
export type UpdatePacingRequest = Static<typeof UpdatePacingRequestSchema>;

/** Why a message that is accepted has not come into the queue yet. */
export const PACING_WAITS = [
  'gap',
  'chat_gap',
  'quiet_hours',
  'daily_limit',
  'warm_up',
  'first_contacts',
  'time_lock',
] as const;
export type PacingWait = (typeof PACING_WAITS)[number];

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const PacingSchema = Type.Object({
  sessionId: Type.String({ examples: ['user123-personal'] }),
  settings: PacingSettingsSchema,
  risks: Type.Array(Type.String(), {
    description: 'What the settings risk, in sentences; empty when they are not bolder than the defaults.',
  }),
  today: Type.Object(
    {
      sent: count('Paced messages that were let in today, by the zone of the session.'),
      limit: nullable(count('How many may be; null: any number.')),
      firstContacts: count('Of these, to people who have never written to the account.'),
      firstContactsLimit: nullable(count('How many may be; null: any number.')),
    },
    { description: 'The day in the zone of the session.' },
  ),
  waiting: count('Paced messages whose time has come, and that wait for their turn.'),
  nextAt: nullable(timestamp('When the next one may go; null: at once, or nothing waits.')),
  reason: nullable(oneOf(PACING_WAITS, 'What the next one waits for.')),
});
export type Pacing = Static<typeof PacingSchema>;
