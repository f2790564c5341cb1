import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';
import { type MessageTemplate, MessageTemplateSchema } from './send-requests.ts';
import { type WeeklyHours, weeklyHours } from './weekly-hours.ts';

/** Limits of keyword rules. */
export const RULE_LIMITS = {
  /** Rules of a workspace. */
  rules: 200,
  patterns: 50,
  /** Characters of one pattern. */
  pattern: 500,
  cooldownDefault: 30,
  cooldownMax: 86_400,
  /** Automatic answers to one chat within an hour: two programs that answer each other end here. */
  answersPerHour: 12,
  /** Seconds after which a message is too old for an answer, such as in what WhatsApp sends after a long absence. */
  maxAgeSeconds: 6 * 3_600,
  /** Characters of a text that are compared. */
  text: 4_096,
} as const;

/** How a pattern is compared with a text. */
export const RULE_MATCHES = ['contains', 'exact', 'startsWith', 'regex'] as const;
export type RuleMatch = (typeof RULE_MATCHES)[number];

const hours = weeklyHours('The rule holds within these hours alone.');
export type RuleHours = WeeklyHours;

const answer = Type.Unsafe<string | MessageTemplate>({
  anyOf: [
    { type: 'string', minLength: 1, maxLength: LIMITS.messageText, pattern: '\\S', description: 'A text.' },
    MessageTemplateSchema,
  ],
  description:
    'The answer: a text, or a message of any kind. Variables: `name`, `number`, `text`, `keyword`, `1` to `9`.',
  examples: ['Rooms are free from nine to five, {{name|friend}}.'],
});

const name = line({ minLength: 1, maxLength: 200, examples: ['Rooms'] });
const isActive = Type.Boolean();
const priority = Type.Integer({
  minimum: 0,
  maximum: 10_000,
  description: 'The lowest is looked at first. Default: 100.',
});
const sessionIds = Type.Array(Type.String({ minLength: 1, maxLength: 100, examples: ['user123-personal'] }), {
  maxItems: 50,
  uniqueItems: true,
  description: 'Only messages to these sessions. Empty: to all.',
});
const match = oneOf(
  RULE_MATCHES,
  '`contains`: the words stand in the text. `exact`: they are all of it. `startsWith`: it begins with them. `regex`: a regular expression (RE2: no look-around, no back-references). Case, accents of i, blanks and, but for `regex`, a full stop at the end do not matter.',
);
const patterns = Type.Array(Type.String({ minLength: 1, maxLength: RULE_LIMITS.pattern, pattern: '\\S' }), {
  minItems: 1,
  maxItems: RULE_LIMITS.patterns,
  uniqueItems: true,
  description: 'One of them has to fit.',
  examples: [['pinjam ruang', 'lihat ruang']],
});
const inGroups = Type.Boolean({ description: 'true: messages in groups too. Default: false.' });
const cooldownSeconds = Type.Integer({
  minimum: 0,
  maximum: RULE_LIMITS.cooldownMax,
  description: `Seconds for which the rule does not answer the same chat again. Default: ${RULE_LIMITS.cooldownDefault}.`,
});
const quotes = Type.Boolean({ description: 'true: the answer quotes the message. Default: false.' });
const event = Type.Boolean({ description: 'true: `keyword.matched` is told. Default: false.' });
const label = nullable(line({ minLength: 1, maxLength: 63, description: 'The contact gets this label.' }));
const optOut = Type.Boolean({ description: 'true: the person gets no more broadcasts. Default: false.' });

const fields = {
  isActive: Type.Optional(isActive),
  priority: Type.Optional(priority),
  sessionIds: Type.Optional(sessionIds),
  inGroups: Type.Optional(inGroups),
  hours: Type.Optional(
    Type.Unsafe<RuleHours | null>({ anyOf: [hours, { type: 'null' }], description: 'null: at all times.' }),
  ),
  cooldownSeconds: Type.Optional(cooldownSeconds),
  reply: Type.Optional(
    Type.Unsafe<string | MessageTemplate | null>({
      ...answer,
      anyOf: [...(answer as unknown as { anyOf: unknown[] }).anyOf, { type: 'null' }],
    }),
  ),
  quotes: Type.Optional(quotes),
  event: Type.Optional(event),
  label: Type.Optional(label),
  optOut: Type.Optional(optOut),
};

const EXAMPLE = {
  name: 'Rooms',
  match: 'contains',
  patterns: ['pinjam ruang', 'lihat ruang'],
  reply: 'Rooms are free from nine to five, {{name|friend}}.',
  event: true,
};

export const CreateRuleRequestSchema = requestBody({ name, match, patterns, ...fields }, EXAMPLE);
export type CreateRuleRequest = Static<typeof CreateRuleRequestSchema>;

export const UpdateRuleRequestSchema = requestBody(
  { name: Type.Optional(name), match: Type.Optional(match), patterns: Type.Optional(patterns), ...fields },
  { isActive: false },
);
export type UpdateRuleRequest = Static<typeof UpdateRuleRequestSchema>;

export const KeywordRuleSchema = Type.Object({
  ruleId: Type.String({ format: 'uuid' }),
  name: Type.String(),
  isActive,
  priority: Type.Integer(),
  sessionIds: Type.Array(Type.String()),
  match,
  patterns: Type.Array(Type.String()),
  inGroups,
  hours: Type.Unsafe<RuleHours | null>({ anyOf: [hours, { type: 'null' }] }),
  cooldownSeconds: Type.Integer(),
  reply: Type.Unsafe<{ type: string; text: string | null; content: Record<string, unknown> | null } | null>({
    type: ['object', 'null'],
    properties: {
      type: { type: 'string' },
      text: { type: ['string', 'null'] },
      content: { type: ['object', 'null'], additionalProperties: true },
    },
    required: ['type', 'text', 'content'],
  }),
  quotes,
  event,
  label,
  optOut,
  fired: Type.Integer({ description: 'For how many messages of the last 30 days it has fired.' }),
  lastFiredAt: nullable(timestamp()),
  createdAt: timestamp(),
});
export type KeywordRule = Static<typeof KeywordRuleSchema>;

export const ListRulesResultSchema = Type.Object({ rules: Type.Array(KeywordRuleSchema) });

export const RuleParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, examples: ['01a1fe67-59c3-7e76-818f-224716029ae1'] }),
});

export const DeleteRuleResultSchema = Type.Object({
  ruleId: Type.String({ format: 'uuid' }),
  deleted: Type.Literal(true),
});

export const TestRuleRequestSchema = requestBody(
  {
    text: Type.String({ minLength: 1, maxLength: RULE_LIMITS.text, description: 'What somebody writes.' }),
    at: Type.Optional(timestamp('When. Default: now.')),
    inGroup: Type.Optional(Type.Boolean({ description: 'true: in a group. Default: false.' })),
    sessionId: Type.Optional(Type.String({ minLength: 1, maxLength: 100, examples: ['user123-personal'] })),
    name: Type.Optional(line({ maxLength: 200, description: 'The name of who writes.' })),
    rule: Type.Optional(
      Type.Object(
        { match, patterns, hours: Type.Optional(hours), inGroups: Type.Optional(inGroups) },
        { additionalProperties: false, description: 'A rule that is not stored. Default: those of the workspace.' },
      ),
    ),
  },
  { text: 'Saya mau PINJAM RUANG A.' },
);
export type TestRuleRequest = Static<typeof TestRuleRequestSchema>;

export const TestRuleResultSchema = Type.Object({
  consent: nullable(
    oneOf(['out', 'in'] as const, 'It is a keyword by which people leave or come back; no rule is looked at.'),
  ),
  matched: Type.Boolean({ description: 'A rule would fire.' }),
  ruleId: nullable(Type.String({ format: 'uuid', description: '`null` for a rule that is not stored.' })),
  rule: nullable(Type.String({ description: 'The name of the rule.' })),
  keyword: nullable(Type.String({ description: 'The pattern that fits.' })),
  groups: Type.Array(Type.String(), { description: 'Of a regular expression: what its groups found.' }),
  reply: nullable(Type.String({ description: 'The text of the answer.' })),
  others: Type.Array(
    Type.Object({ ruleId: Type.String({ format: 'uuid' }), rule: Type.String(), reason: Type.String() }),
    { description: 'Rules whose pattern fits and that would not fire, and why.' },
  ),
});
export type TestRuleResult = Static<typeof TestRuleResultSchema>;
