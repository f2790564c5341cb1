import type { Network, Queryable } from '@wa-gate/db';
import { HAS_ACCEPTED, HAS_REFUSED } from './trial-sql.ts';

/** What a session logs in with, as it is stored. */
export interface ConnectionPlan {
  network: Network;
  /** The session's own proxy, sealed. */
  proxy: Buffer | null;
  /** What the phone shows among its linked devices, where the session has its own. */
  device: { name?: string; browser?: string } | null;
  /** The version of WhatsApp Web of all sessions of the network; `null`: that of the worker. */
  version: string | null;
  /** A version that some sessions try. */
  candidate: string | null;
  candidatePercent: number;
  /** Whether the session is named among those that try it. */
  isNamed: boolean;
  /** Of the last login. */
  clientVersion: string | null;
  /** Refused to this session last. */
  refusedVersion: string | null;
  /** The session has logged in with the candidate since its trial began. */
  hasAcceptedCandidate: boolean;
  /** The candidate was refused to the session since its trial began. */
  hasRefusedCandidate: boolean;
  /** Whether the last attempt ended at a proxy. */
  hasProxyError: boolean;
  /** Digits: the account that a logged-out session is to be linked to again. */
  relinkNumber: string | null;
}

const READ = {
  name: 'connection-plan',
  text: `SELECT s.network, c.proxy, s.settings->'device' AS device, v.version, v.candidate,
      coalesce(v.candidate_percent, 0) AS "candidatePercent",
      coalesce(s.id = ANY (v.candidate_session_ids), false) AS "isNamed",
      c.client_version AS "clientVersion", c.refused_version AS "refusedVersion",
      coalesce(${HAS_ACCEPTED}, false) AS "hasAcceptedCandidate", coalesce(${HAS_REFUSED}, false) AS "hasRefusedCandidate",
      c.proxy_error IS NOT NULL AS "hasProxyError", c.relink_number AS "relinkNumber"
    FROM sessions s LEFT JOIN session_connections c ON c.session_id = s.id
    LEFT JOIN whatsapp_versions v ON v.network = s.network WHERE s.id = $1`,
};

/** `null`: there is no such session any more. */
export async function readConnectionPlan(db: Queryable, sessionId: string): Promise<ConnectionPlan | null> {
  const { rows } = await db.query<ConnectionPlan>({ ...READ, values: [sessionId] });
  return rows[0] ?? null;
}
