import type { KeywordRule, OutboundRequest, RuleHours, RuleMatch } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { presentTemplate } from '../broadcasts/index.ts';

/** What a rule does. */
export interface RuleAction {
  /** As the outbox takes it, with variables in its texts. */
  reply: OutboundRequest | null;
  quotes: boolean;
  event: boolean;
  label: string | null;
  optOut: boolean;
}

export interface RuleRow {
  id: string;
  workspaceId: string;
  name: string;
  isActive: boolean;
  priority: number;
  sessionIds: string[];
  slugs: string[];
  match: RuleMatch;
  patterns: string[];
  inGroups: boolean;
  hours: RuleHours | null;
  cooldownSeconds: number;
  action: RuleAction;
  createdAt: Date;
}

/** Days for which firings are kept. */
export const FIRING_DAYS = 30;

export const RULE_COLUMNS = `r.id, r.workspace_id AS "workspaceId", r.name, r.is_active AS "isActive", r.priority, r.session_ids AS "sessionIds",
  (SELECT coalesce(json_agg(s.slug ORDER BY array_position(r.session_ids, s.id)), '[]') FROM sessions s WHERE s.id = ANY(r.session_ids)) AS slugs,
  r.match, r.patterns, r.in_groups AS "inGroups", r.hours, r.cooldown_seconds AS "cooldownSeconds", r.action, r.created_at AS "createdAt"`;

const ACTIVE = {
  name: 'active-rules',
  text: `SELECT ${RULE_COLUMNS} FROM keyword_rules r WHERE r.workspace_id = $1 AND r.is_active ORDER BY r.priority, r.id`,
};

/** The rules that hold in a workspace, in the order in which they are looked at. */
export async function readActiveRules(db: Queryable, workspaceId: string): Promise<RuleRow[]> {
  return (await db.query<RuleRow>({ ...ACTIVE, values: [workspaceId] })).rows;
}

export interface Fired {
  fired: number;
  lastFiredAt: Date | null;
}

export const presentRule = (row: RuleRow & Fired): KeywordRule => ({
  ruleId: row.id,
  name: row.name,
  isActive: row.isActive,
  priority: row.priority,
  sessionIds: row.slugs,
  match: row.match,
  patterns: row.patterns,
  inGroups: row.inGroups,
  hours: row.hours,
  cooldownSeconds: row.cooldownSeconds,
  reply: row.action.reply && presentTemplate(row.action.reply),
  quotes: row.action.quotes,
  event: row.action.event,
  label: row.action.label,
  optOut: row.action.optOut,
  fired: row.fired,
  lastFiredAt: row.lastFiredAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});
