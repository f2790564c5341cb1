import type { Queryable } from '@wa-gate/db';
import type { Instruments } from '@wa-gate/kit';
import { createFigures } from './figures.ts';

const SESSIONS = {
  name: 'stored-session-figures',
  text: `SELECT lower(network::text) AS network, lower(state::text) AS state, count(*) AS count
    FROM sessions WHERE desired_state = 'RUNNING' GROUP BY 1, 2`,
};
const WEBHOOKS = {
  name: 'stored-webhook-figures',
  text: `SELECT count(*) FILTER (WHERE is_active) AS on, count(*) FILTER (WHERE NOT is_active) AS off,
      (SELECT count(DISTINCT endpoint_id) FROM webhooks WHERE is_active AND failing_since IS NOT NULL) AS down
    FROM webhooks WHERE id = endpoint_id`,
};
const RISK = {
  name: 'stored-risk-figures',
  text: `SELECT count(*) FILTER (WHERE r.level = 'elevated') AS elevated, count(*) FILTER (WHERE r.level = 'high') AS high,
      count(*) FILTER (WHERE r.level = 'critical') AS critical
    FROM session_risk r JOIN sessions s ON s.id = r.session_id WHERE s.desired_state = 'RUNNING' AND r.level <> 'low'`,
};
const DELETIONS = {
  name: 'stored-deletion-figures',
  text: `SELECT count(*) FILTER (WHERE state = 'requested') AS requested, count(*) FILTER (WHERE state = 'erasing') AS erasing
    FROM deletions WHERE state <> 'done'`,
};

/**
 * Sessions by network, state and risk, webhooks and deletions, as the database has them. Absent while it does not
 * answer.
 */
export function registerStored(instruments: Instruments, db: Queryable): void {
  const look = createFigures(async () => {
    const sessions = await db.query<{ network: string; state: string; count: number }>(SESSIONS);
    const webhooks = await db.query<{ on: number; off: number; down: number }>(WEBHOOKS);
    const deletions = await db.query<{ requested: number; erasing: number }>(DELETIONS);
    const risk = await db.query<Record<'elevated' | 'high' | 'critical', number>>(RISK);
    return { risk: risk.rows[0]!, sessions: sessions.rows, webhooks: webhooks.rows[0]!, deletions: deletions.rows[0]! };
  });
  instruments.gauge('wag_stored_sessions', async (gauge) => {
    const figures = await look();
    gauge.reset();
    for (const { network, state, count } of figures?.sessions ?? []) gauge.set({ network, state }, count);
  });
  instruments.gauge('wag_stored_webhooks', async (gauge) => {
    const figures = await look();
    gauge.reset();
    for (const [state, count] of Object.entries(figures?.webhooks ?? {})) gauge.set({ state }, count);
  });
  instruments.gauge('wag_sessions_at_risk', async (gauge) => {
    const figures = await look();
    gauge.reset();
    for (const [level, count] of Object.entries(figures?.risk ?? {})) gauge.set({ level }, count);
  });
  instruments.gauge('wag_open_deletions', async (gauge) => {
    const figures = await look();
    gauge.reset();
    for (const [state, count] of Object.entries(figures?.deletions ?? {})) gauge.set({ state }, count);
  });
}
