import {
  type CreateRuleRequest,
  type KeywordRule,
  type OutboundRequest,
  RULE_LIMITS,
  storedOf,
  type TestRuleRequest,
  type TestRuleResult,
  type UpdateRuleRequest,
} from '@wa-gate/contracts';
import { inTransaction, type Pool, type PoolClient, type Queryable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { SessionRef } from '../../principal.ts';
import { type Actor, changedFields, writeAudit } from '../audit/index.ts';
import { beginListening, listens, readConsentSettings } from '../consent/index.ts';
import { answerOf, chooseRule, consentOf, type Heard, obstacleOf } from './choose-rule.ts';
import { assertHours, assertPatterns, findMatch } from './match-rule.ts';
import {
  FIRING_DAYS,
  type Fired,
  presentRule,
  RULE_COLUMNS,
  type RuleAction,
  type RuleRow,
  readActiveRules,
} from './rule-rows.ts';

/** A request whose sessions are resolved and whose answer is in the media store. `reply` undefined: as it is. */
export interface RuleInput<R extends CreateRuleRequest | UpdateRuleRequest> {
  request: Omit<R, 'reply' | 'sessionIds'>;
  sessions: readonly SessionRef[] | undefined;
  reply: OutboundRequest | null | undefined;
}

/** Methods with an id throw RULE_NOT_FOUND for what is not in the workspace. */
export interface RulesService {
  list(workspaceId: string): Promise<KeywordRule[]>;
  get(workspaceId: string, id: string): Promise<KeywordRule>;
  /** @throws {ApiError} VALIDATION for a pattern, a zone, or a rule that does nothing */
  create(actor: Actor, workspaceId: string, input: RuleInput<CreateRuleRequest>): Promise<KeywordRule>;
  update(actor: Actor, workspaceId: string, id: string, input: RuleInput<UpdateRuleRequest>): Promise<KeywordRule>;
  remove(actor: Actor, workspaceId: string, id: string): Promise<{ ruleId: string; deleted: true }>;
  /** Which rule a message would set off. Nothing is sent and nothing is stored. */
  test(workspaceId: string, request: TestRuleRequest, sessionId: string | null): Promise<TestRuleResult>;
}

const FIRED = `(SELECT count(*)::int FROM rule_firings f WHERE f.rule_id = r.id) AS fired,
  (SELECT max(f.created_at) FROM rule_firings f WHERE f.rule_id = r.id) AS "lastFiredAt"`;

const LIST = {
  name: 'list-rules',
  text: `SELECT ${RULE_COLUMNS}, ${FIRED} FROM keyword_rules r WHERE r.workspace_id = $1 AND ($2::uuid IS NULL OR r.id = $2)
    ORDER BY r.priority, r.id`,
};

const STORE = {
  name: 'store-rule',
  text: `INSERT INTO keyword_rules (id, workspace_id, name, is_active, priority, session_ids, match, patterns, in_groups, hours,
      cooldown_seconds, action)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, is_active = excluded.is_active, priority = excluded.priority,
      session_ids = excluded.session_ids, match = excluded.match, patterns = excluded.patterns, in_groups = excluded.in_groups,
      hours = excluded.hours, cooldown_seconds = excluded.cooldown_seconds, action = excluded.action, updated_at = now()`,
};

type RuleRecord = RuleRow & Fired;

export function createRulesService({ pool }: { pool: Pool }): RulesService {
  async function read(db: Queryable, workspaceId: string, id: string | null): Promise<RuleRecord[]> {
    return (await db.query<RuleRecord>({ ...LIST, values: [workspaceId, id] })).rows;
  }

  async function find(db: Queryable, workspaceId: string, id: string): Promise<RuleRecord> {
    const [row] = isUuid(id) ? await read(db, workspaceId, id) : [];
    if (!row) throw new ApiError('RULE_NOT_FOUND');
    return row;
  }

  /** Writes a rule, and has the workspace listen from now on if it did not before. */
  async function store(tx: PoolClient, row: RuleRow): Promise<void> {
    const listened = await listens(tx, row.workspaceId);
    await tx.query({
      ...STORE,
      values: [
        row.id,
        row.workspaceId,
        row.name,
        row.isActive,
        row.priority,
        row.sessionIds,
        row.match,
        row.patterns,
        row.inGroups,
        row.hours && JSON.stringify(row.hours),
        row.cooldownSeconds,
        JSON.stringify(row.action),
      ],
    });
    if (row.isActive) await beginListening(tx, row.workspaceId, listened);
  }

  return {
    list: async (workspaceId) => (await read(pool, workspaceId, null)).map(presentRule),

    get: async (workspaceId, id) => presentRule(await find(pool, workspaceId, id)),

    create: (actor, workspaceId, { request, sessions, reply }) =>
      inTransaction(pool, async (tx) => {
        const rules = await read(tx, workspaceId, null);
        if (rules.length >= RULE_LIMITS.rules)
          throw new ApiError('VALIDATION', {
            message: `A workspace has at most ${RULE_LIMITS.rules} rules. Delete some.`,
          });
        const row: RuleRow = {
          id: newId(),
          workspaceId,
          name: request.name,
          isActive: request.isActive ?? true,
          priority: request.priority ?? 100,
          sessionIds: sessions?.map(({ id }) => id) ?? [],
          slugs: [],
          match: request.match,
          patterns: request.patterns,
          inGroups: request.inGroups ?? false,
          hours: request.hours ?? null,
          cooldownSeconds: request.cooldownSeconds ?? RULE_LIMITS.cooldownDefault,
          action: actionOf(NO_ACTION, request, reply),
          createdAt: new Date(),
        };
        assertSound(row);
        await store(tx, row);
        await writeAudit(tx, actor, {
          action: 'rule.created',
          resourceType: 'rule',
          resourceId: row.id,
          after: { name: row.name, match: row.match, patterns: row.patterns },
        });
        return presentRule(await find(tx, workspaceId, row.id));
      }),

    update: (actor, workspaceId, id, { request, sessions, reply }) =>
      inTransaction(pool, async (tx) => {
        const before = await find(tx, workspaceId, id);
        const { quotes: _q, event: _e, label: _l, optOut: _o, ...fields } = request;
        const row: RuleRow = {
          ...before,
          ...fields,
          ...(sessions && { sessionIds: sessions.map((session) => session.id) }),
          action: actionOf(before.action, request, reply),
        };
        assertSound(row);
        await store(tx, row);
        const after = presentRule(await find(tx, workspaceId, id));
        await writeAudit(tx, actor, {
          action: 'rule.updated',
          resourceType: 'rule',
          resourceId: id,
          ...changedFields(presentRule(before), after),
        });
        return after;
      }),

    remove: (actor, workspaceId, id) =>
      inTransaction(pool, async (tx) => {
        const { name } = await find(tx, workspaceId, id);
        await tx.query('DELETE FROM keyword_rules WHERE id = $1', [id]);
        await writeAudit(tx, actor, {
          action: 'rule.deleted',
          resourceType: 'rule',
          resourceId: id,
          before: { name },
        });
        return { ruleId: id, deleted: true };
      }),

    async test(workspaceId, { text, at, inGroup = false, name, rule: given }, sessionId) {
      const heard: Heard = { text, isGroup: inGroup, sessionId, at: at === undefined ? new Date() : new Date(at) };
      const none = {
        consent: null,
        matched: false,
        ruleId: null,
        rule: null,
        keyword: null,
        groups: [],
        reply: null,
        others: [],
      };
      if (given) {
        assertPatterns(given);
        assertHours(given.hours ?? null);
        const loose = { ...UNSTORED, ...given, hours: given.hours ?? null, inGroups: given.inGroups ?? false };
        const found = obstacleOf(loose, heard) === undefined ? findMatch(given, text) : undefined;
        return found ? { ...none, matched: true, keyword: found.keyword, groups: found.groups } : none;
      }
      const consent = consentOf(await readConsentSettings(pool, workspaceId), heard);
      // Whether a word by which people come back is one depends on who writes it: a rule may answer it too.
      if (consent === 'out') return { ...none, consent };
      const rules = await readActiveRules(pool, workspaceId);
      const chosen = chooseRule(rules, heard);
      const others = rules.flatMap((rule) => {
        if (rule === chosen?.rule || !findMatch(rule, text)) return [];
        const reason = obstacleOf(rule, heard) ?? 'Another rule comes first.';
        return [{ ruleId: rule.id, rule: rule.name, reason }];
      });
      if (!chosen) return { ...none, consent, others };
      const { rule, found } = chosen;
      const request = answerOf(rule, found, { text, name: name ?? null, number: null });
      return {
        consent,
        matched: true,
        ruleId: rule.id,
        rule: rule.name,
        keyword: found.keyword,
        groups: found.groups,
        reply: request ? (storedOf(request).text ?? null) : null,
        others,
      };
    },
  };
}

const NO_ACTION: RuleAction = { reply: null, quotes: false, event: false, label: null, optOut: false };

/** What is compared of a rule that is not stored. */
const UNSTORED: RuleRow = {
  id: '',
  workspaceId: '',
  name: '',
  isActive: true,
  priority: 0,
  sessionIds: [],
  slugs: [],
  match: 'contains',
  patterns: [],
  inGroups: false,
  hours: null,
  cooldownSeconds: 0,
  action: NO_ACTION,
  createdAt: new Date(0),
};

function actionOf(
  before: RuleAction,
  { quotes, event, label, optOut }: Omit<UpdateRuleRequest, 'reply' | 'sessionIds'>,
  reply: OutboundRequest | null | undefined,
): RuleAction {
  return {
    reply: reply === undefined ? before.reply : reply,
    quotes: quotes ?? before.quotes,
    event: event ?? before.event,
    label: label === undefined ? before.label : label,
    optOut: optOut ?? before.optOut,
  };
}

function assertSound(row: RuleRow): void {
  assertPatterns(row);
  assertHours(row.hours);
  const { reply, event, label, optOut } = row.action;
  if (reply === null && !event && label === null && !optOut) {
    throw new ApiError('VALIDATION', {
      message: 'The rule would do nothing. Give it a `reply`, `event`, `label` or `optOut`.',
    });
  }
}

const SWEEP = {
  name: 'sweep-rule-firings',
  text: `DELETE FROM rule_firings WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM rule_firings WHERE created_at < now() - $1 * interval '1 day' LIMIT $2))`,
};

/** Removes old firings: the messages that they are about lie far behind the cursors. */
export async function sweepRuleFirings(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [FIRING_DAYS, limit] });
  return rowCount ?? 0;
}
