import { leaseIsOver } from '@wa-gate/cluster';
import { PAIRING_STATES } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';

export interface ObservationTimes {
  /** How long a session waits for a worker before that is an incident, in seconds. */
  waitSeconds: number;
  /** How long a connection lasts before the session counts as connected again, in seconds. */
  settleSeconds: number;
  /** After the end of a lease, see the timing of packages/cluster. */
  takeoverGraceMs: number;
}

const IS_CAPPED_NOW = `coalesce((s.message_capping->>'cycleEndsAt')::timestamptz > now(), true)`;
/** Levels of risk that are an incident. What WhatsApp has done already is one of its own. */
const AT_RISK = `('high', 'critical')`;
const isOpen = (kind: string, subject: string, more = '') =>
  `EXISTS (SELECT 1 FROM incidents i WHERE i.kind = '${kind}' AND i.subject = ${subject} AND i.ended_at IS NULL${more})`;

/**
 * A session `s` that is down where it is not connected: an account that is linked, and that nothing else is told of.
 *
 * @param pairing the parameter with the states in which an account is being linked
 */
export const maySayDown = (pairing: string): string =>
  `s.paired_at IS NOT NULL AND s.state <> ALL (${pairing}::"SessionState"[]) AND s.state NOT IN ('LOGGED_OUT', 'RESTRICTED', 'BANNED')`;

/**
 * CTE `troubles(kind, subject, workspace_id, session_id, details)`: all that is wrong now, by the rows and the clock of
 * PostgreSQL (I12). $1 states in which an account is being linked, $2 and $3 the seconds of {@link ObservationTimes}.
 *
 * - `hosted`: a living worker has the session. The state of one that nobody hosts is what its last owner wrote.
 * - `logged_out` lasts until the session is linked again, whatever it shows meanwhile; a logout over the API is none
 * - `down` lasts, once it was told, until a connection has lasted for a while: a session that comes and goes is told
 * once
 */
const troubles = (takeoverGraceMs: number): string => {
  const isOver = (lease: string) => leaseIsOver(lease, { takeoverGraceMs });
  return `hosted AS MATERIALIZED (
    SELECT p.session_id FROM session_placements p
    JOIN worker_leases l ON l.worker_id = p.worker_id AND l.incarnation = p.incarnation
    WHERE NOT ${isOver('l')}
  ), troubles AS MATERIALIZED (
    SELECT t.kind, s.id::text AS subject, s.workspace_id, s.id AS session_id, t.details
    FROM sessions s LEFT JOIN hosted h ON h.session_id = s.id LEFT JOIN session_risk r ON r.session_id = s.id
    CROSS JOIN LATERAL (
      SELECT 'logged_out' AS kind, '{}'::jsonb AS details
      WHERE s.state_code IS DISTINCT FROM 'api/logout'
        AND (s.state = 'LOGGED_OUT' OR (s.paired_at IS NULL AND ${isOpen('logged_out', 's.id::text')}))
      UNION ALL SELECT 'banned', '{}' WHERE s.state = 'BANNED'
      UNION ALL SELECT 'restricted', '{}' WHERE s.state = 'RESTRICTED' OR s.reachout_locked_until > now()
      UNION ALL SELECT 'capped', '{}' WHERE s.message_capping->>'status' = 'capped' AND ${IS_CAPPED_NOW}
      UNION ALL SELECT 'at_risk', CASE WHEN r.level IN ${AT_RISK} THEN jsonb_build_object('score', r.score,
        'reasons', (SELECT jsonb_agg(reason->>'reason') FROM jsonb_array_elements(r.reasons) WITH ORDINALITY AS e(reason, n) WHERE n <= 3))
        ELSE '{}' END
      WHERE s.message_capping->>'status' IN ('first_warning', 'second_warning') AND ${IS_CAPPED_NOW}
        OR r.level IN ${AT_RISK} AND s.state NOT IN ('LOGGED_OUT', 'RESTRICTED', 'BANNED')
          AND NOT coalesce(s.reachout_locked_until > now(), false)
          AND NOT coalesce(s.message_capping->>'status' = 'capped' AND ${IS_CAPPED_NOW}, false)
      UNION ALL SELECT 'down', '{}'
      WHERE ${maySayDown('$1')}
        AND (s.state <> 'CONNECTED' OR h.session_id IS NULL
          OR (s.connected_at > now() - $3 * interval '1 s' AND ${isOpen('down', 's.id::text', ' AND i.told_at IS NOT NULL')}))
    ) t
    WHERE s.desired_state = 'RUNNING'
    UNION ALL
    SELECT 'webhook_off', w.id::text, w.workspace_id, w.source_session_id, '{}'
    FROM webhooks w WHERE NOT w.is_active AND w.id = w.endpoint_id AND (w.disabled_at IS NULL OR w.disabled_reason IS NOT NULL)
    UNION ALL
    SELECT 'webhook_down', w.endpoint_id::text, w.workspace_id, (SELECT p.source_session_id FROM webhooks p WHERE p.id = w.endpoint_id), '{}'
    FROM webhooks w WHERE w.is_active AND w.paused_at IS NULL AND w.failing_since IS NOT NULL GROUP BY w.endpoint_id, w.workspace_id
    UNION ALL
    SELECT 'worker_lost', w.id, NULL, NULL, jsonb_build_object('network', lower(w.network::text),
      'sessions', (SELECT count(*) FROM session_placements p WHERE p.worker_id = w.id))
    FROM workers w JOIN worker_leases l ON l.worker_id = w.id
    WHERE w.admin_state IN ('ACTIVE', 'CORDONED') AND ${isOver('l')}
      AND (l.ended_at IS NULL OR l.ended_reason IS DISTINCT FROM 'goodbye')
    UNION ALL
    SELECT 'client_outdated', lower(s.network::text), NULL, NULL, jsonb_build_object('sessions', count(*))
    FROM sessions s WHERE s.desired_state = 'RUNNING' AND s.state = 'ERROR' AND s.state_code = '405' GROUP BY s.network
    UNION ALL
    SELECT 'no_capacity', lower(s.network::text), NULL, NULL, jsonb_build_object('sessions', count(*))
    FROM sessions s JOIN session_placements p ON p.session_id = s.id
    LEFT JOIN worker_leases l ON l.worker_id = p.worker_id AND l.incarnation = p.incarnation
    WHERE s.desired_state = 'RUNNING' AND s.id NOT IN (SELECT session_id FROM hosted)
      AND greatest(p.changed_at, coalesce(l.ended_at, l.expires_at)) < now() - $2 * interval '1 s'
    GROUP BY s.network
  )`;
};

/** Observed at most by one statement; the next one goes on. */
const MAX_NEW = 500;

/**
 * New ones are stored, and those that ended before anybody was told are forgotten. One that waits to be told begins
 * anew where the session was connected meanwhile: it has not lasted.
 */
const observe = (takeoverGraceMs: number) => ({
  name: `observe-incidents-${takeoverGraceMs}`,
  text: `WITH ${troubles(takeoverGraceMs)}, fresh AS (
    SELECT t.*, row_number() OVER () AS n FROM troubles t
    WHERE NOT EXISTS (SELECT 1 FROM incidents i WHERE i.kind = t.kind AND i.subject = t.subject AND i.ended_at IS NULL)
    LIMIT ${MAX_NEW}
  ), stored AS (
    INSERT INTO incidents (id, kind, subject, workspace_id, session_id, details)
    SELECT g.id, f.kind, f.subject, f.workspace_id, f.session_id, f.details
    FROM fresh f JOIN unnest($4::uuid[]) WITH ORDINALITY AS g(id, n) USING (n)
    ON CONFLICT (kind, subject) WHERE ended_at IS NULL DO NOTHING
    RETURNING id
  ), forgotten AS (
    DELETE FROM incidents i WHERE i.ended_at IS NULL AND i.told_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM troubles t WHERE t.kind = i.kind AND t.subject = i.subject)
  ), restarted AS (
    UPDATE incidents i SET began_at = now() FROM sessions s
    WHERE i.kind = 'down' AND i.ended_at IS NULL AND i.told_at IS NULL AND s.id = i.session_id AND s.connected_at > i.began_at
      AND EXISTS (SELECT 1 FROM troubles t WHERE t.kind = i.kind AND t.subject = i.subject)
  )
  SELECT (SELECT count(*) FROM stored) AS stored,
    (SELECT coalesce(json_agg(json_build_object('id', i.id, 'sessionId', i.session_id)), '[]') FROM (
      SELECT id, session_id FROM incidents i WHERE i.ended_at IS NULL AND i.told_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM troubles t WHERE t.kind = i.kind AND t.subject = i.subject)
      ORDER BY id LIMIT ${MAX_NEW}) AS i) AS over`,
});

/** An incident, by what has to be locked for it. */
export interface IncidentRef {
  id: string;
  sessionId: string | null;
}

export interface Observation {
  /** How many are new. */
  stored: number;
  /** Told ones that do not go on. */
  over: IncidentRef[];
  /** There may be more than one statement stores. */
  hasMore: boolean;
}

/** Looks at everything once. Any number of processes may do so at once: the index `incidents_open` admits one row. */
export async function observeIncidents(db: Queryable, times: ObservationTimes): Promise<Observation> {
  const ids = Array.from({ length: MAX_NEW }, () => newId());
  const { rows } = await db.query<Omit<Observation, 'hasMore'>>({
    ...observe(times.takeoverGraceMs),
    values: [PAIRING_STATES, times.waitSeconds, times.settleSeconds, ids],
  });
  const { stored, over } = rows[0]!;
  return { stored, over, hasMore: stored === MAX_NEW || over.length === MAX_NEW };
}
