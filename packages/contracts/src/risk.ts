import { type Static, Type } from 'typebox';
import { nullable, oneOf, timestamp } from './schema.ts';

/** How likely it is that WhatsApp restricts or bans an account: four bands of the score, the lowest first. */
export const RISK_LEVELS = ['low', 'elevated', 'high', 'critical'] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];

/** The lowest score of each level. */
export const RISK_LEVEL_FROM: Readonly<Record<RiskLevel, number>> = { low: 0, elevated: 25, high: 50, critical: 75 };

/** What the score is made of. Their weights and words stand in packages/messaging, risk. */
export const RISK_SIGNALS = [
  'refused_account',
  'time_lock',
  'capped',
  'refused_chats',
  'rate_limited',
  'undelivered',
  'unanswered',
  'first_contacts',
  'strangers',
  'identical_texts',
  'reconnects',
  'new_number',
] as const;
export type RiskSignal = (typeof RISK_SIGNALS)[number];

const score = (description: string) => Type.Integer({ minimum: 0, maximum: 100, description });

export const RiskReasonSchema = Type.Object(
  {
    signal: oneOf(RISK_SIGNALS),
    points: Type.Integer({ minimum: 1, maximum: 100, description: 'How much of the score comes from it.' }),
    reason: Type.String({ description: 'What was observed, in a sentence for people.' }),
    advice: Type.String({ description: 'What to do about it.' }),
  },
  { description: 'A part of the score.' },
);
export type RiskReason = Static<typeof RiskReasonSchema>;

export const RiskSummarySchema = Type.Object(
  { score: score('0: nothing is known against the account.'), level: oneOf(RISK_LEVELS) },
  { description: 'How likely WhatsApp is to restrict the account, as it was assessed last.' },
);
export type RiskSummary = Static<typeof RiskSummarySchema>;

export const RiskWarningSchema = Type.Object(
  {
    ...RiskSummarySchema.properties,
    reason: Type.String({ description: 'What weighs most of what was observed, in a sentence for people.' }),
    advice: Type.String({ description: 'What to do about it.' }),
  },
  {
    description:
      'WhatsApp may restrict or ban the account of the session: its level was `high` or `critical` a moment ago, or its score above `riskGuard`. Absent: it was not. GET /api/sessions/{id}/risk has all reasons.',
  },
);
export type RiskWarning = Static<typeof RiskWarningSchema>;

export const RiskEntrySchema = Type.Object({
  at: timestamp(),
  ...RiskSummarySchema.properties,
  signals: Type.Unsafe<Partial<Record<RiskSignal, number>>>({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Points by signal.',
    examples: [{ first_contacts: 20, new_number: 8 }],
  }),
});
export type RiskEntry = Static<typeof RiskEntrySchema>;

/** Days that the history of the score is kept. */
export const RISK_HISTORY_DAYS = 30;

export const SessionRiskSchema = Type.Object({
  sessionId: Type.String({ examples: ['user123-personal'] }),
  ...RiskSummarySchema.properties,
  since: nullable(timestamp('When this level began; null: it was never another one.')),
  assessedAt: timestamp('When the rows were looked at.'),
  reasons: Type.Array(RiskReasonSchema, { description: 'What the score is made of, the heaviest first.' }),
  guard: Type.Object(
    {
      threshold: nullable(score('`riskGuard` of the pacing. null: there is no guard.')),
      isTriggered: Type.Boolean({
        description:
          'true: the score has crossed the threshold, and broadcasts of the session are paused until somebody resumes them.',
      }),
      since: nullable(timestamp('When it crossed.')),
    },
    { description: 'What pauses the broadcasts of the session.' },
  ),
  history: Type.Array(RiskEntrySchema, {
    description: `The score whenever it moved, the latest first, of ${RISK_HISTORY_DAYS} days.`,
  }),
});
export type SessionRisk = Static<typeof SessionRiskSchema>;

export const RiskQuerySchema = Type.Object({
  limit: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 1_000, description: 'Entries of the history. Default: 100.' }),
  ),
});
