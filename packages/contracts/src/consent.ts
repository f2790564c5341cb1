import { type Static, Type } from 'typebox';
import { IdentitySchema } from './identities.ts';
import { LIMITS } from './limits.ts';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';

/** How an opt-out or an opt-in came about. */
export const CONSENT_SOURCES = ['keyword', 'rule', 'api', 'import'] as const;
export type ConsentSource = (typeof CONSENT_SOURCES)[number];

/** What is compared with whole messages, until a workspace has its own. */
export const DEFAULT_KEYWORDS = {
  optOut: ['STOP', 'UNSUBSCRIBE', 'BERHENTI', 'BATAL LANGGANAN', 'IPTAL', 'BAJA', 'ARRET', 'SAIR'],
  optIn: ['START', 'SUBSCRIBE', 'MULAI', 'LANGGANAN', 'BASLAT', 'ALTA'],
} as const;

/** Bytes and rows of a list that is imported. */
export const OPT_OUT_IMPORT = { bytes: 20 * 1024 * 1024, rows: 100_000, refusals: 100 } as const;

const note = line({ maxLength: 500, description: 'Why, or where it was said.' });
const to = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'The person: a number in any spelling, a jid or a LID.',
  examples: ['+6281234567890'],
});

export const OptOutSchema = Type.Object({
  identity: IdentitySchema,
  source: oneOf(CONSENT_SOURCES, '`keyword` and `rule`: the person wrote it. `api` and `import`: it was entered.'),
  sessionId: nullable(Type.String({ description: 'The session that it was written to.' })),
  messageId: nullable(Type.String({ format: 'uuid', description: 'The message that says so.' })),
  note: nullable(Type.String()),
  createdAt: timestamp(),
});
export type OptOut = Static<typeof OptOutSchema>;

export const ListOptOutsQuerySchema = Type.Object({
  ...cursorQuery,
  search: Type.Optional(
    Type.String({ minLength: 2, maxLength: 40, pattern: '^[+\\d\\s().-]+$', description: 'A part of the number.' }),
  ),
});
export type ListOptOutsQuery = Static<typeof ListOptOutsQuerySchema>;
export const ListOptOutsResultSchema = Type.Object({
  optOuts: Type.Array(OptOutSchema),
  pagination: CursorPaginationSchema,
});
export type ListOptOutsResult = Static<typeof ListOptOutsResultSchema>;

export const AddOptOutRequestSchema = requestBody(
  { to, note: Type.Optional(note) },
  { to: '+6281234567890', note: 'By telephone' },
);

export const OptOutParamsSchema = Type.Object({ recipient: to });
export const RemovedOptOutSchema = Type.Object({ identity: IdentitySchema, optedIn: Type.Literal(true) });

export const ImportOptOutsResultSchema = Type.Object({
  imported: Type.Integer({ description: 'People who had not opted out before.' }),
  known: Type.Integer({ description: 'Rows of people who had.' }),
  refused: Type.Integer({ description: 'Rows that name nobody.' }),
  refusals: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String() }), {
    description: `The first ${OPT_OUT_IMPORT.refusals} of these, by their line in the file.`,
  }),
});
export type ImportOptOutsResult = Static<typeof ImportOptOutsResultSchema>;

export const ConsentEntrySchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  identity: IdentitySchema,
  action: oneOf(['out', 'in'] as const, '`out`: wants no broadcasts. `in`: wants them again.'),
  source: oneOf(CONSENT_SOURCES),
  by: nullable(Type.String({ description: 'Who entered it. `null`: the person.' })),
  sessionId: nullable(Type.String()),
  messageId: nullable(Type.String({ format: 'uuid' })),
  text: nullable(Type.String({ description: 'What the person wrote, or the note.' })),
  createdAt: timestamp(),
});
export type ConsentEntry = Static<typeof ConsentEntrySchema>;

export const ListConsentQuerySchema = Type.Object({ ...cursorQuery, to: Type.Optional(to) });
export type ListConsentQuery = Static<typeof ListConsentQuerySchema>;
export const ListConsentResultSchema = Type.Object({
  entries: Type.Array(ConsentEntrySchema),
  pagination: CursorPaginationSchema,
});
export type ListConsentResult = Static<typeof ListConsentResultSchema>;

const keywords = (description: string) =>
  Type.Array(line({ minLength: 1, maxLength: 100 }), { maxItems: 50, uniqueItems: true, description });
const reply = (description: string) =>
  nullable(Type.String({ minLength: 1, maxLength: LIMITS.caption, pattern: '\\S', description }));

const settings = {
  isActive: Type.Boolean({
    description: 'Whether keywords are listened to. The first broadcast of a workspace sets it.',
  }),
  optOutKeywords: keywords('Whole messages, in whatever case, by which people leave.'),
  optInKeywords: keywords('And by which they come back.'),
  optOutReply: reply('Sent once to who leaves. `null`: nothing.'),
  optInReply: reply('Sent to who comes back. `null`: nothing.'),
};
export const ConsentSettingsSchema = Type.Object(settings);
export type ConsentSettings = Static<typeof ConsentSettingsSchema>;

export const ChangeConsentSettingsRequestSchema = requestBody(
  {
    isActive: Type.Optional(settings.isActive),
    optOutKeywords: Type.Optional(settings.optOutKeywords),
    optInKeywords: Type.Optional(settings.optInKeywords),
    optOutReply: Type.Optional(settings.optOutReply),
    optInReply: Type.Optional(settings.optInReply),
  },
  { optOutKeywords: ['STOP', 'BERHENTI'], optOutReply: 'You will get no more news. Write START to get them again.' },
);
export type ChangeConsentSettingsRequest = Static<typeof ChangeConsentSettingsRequestSchema>;

export const DEFAULT_CONSENT_SETTINGS: ConsentSettings = {
  isActive: false,
  optOutKeywords: [...DEFAULT_KEYWORDS.optOut],
  optInKeywords: [...DEFAULT_KEYWORDS.optIn],
  optOutReply: 'You will get no more broadcasts from us. Write START to get them again.',
  optInReply: 'You will get our broadcasts again. Write STOP to end them.',
};
