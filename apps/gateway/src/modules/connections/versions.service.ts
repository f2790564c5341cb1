import type { SetWhatsAppVersionRequest, WhatsAppVersion } from '@wa-gate/contracts';
import { inTransaction, type Network, type Pool, type Queryable } from '@wa-gate/db';
import { HAS_ACCEPTED, HAS_REFUSED } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { type Actor, writeAudit } from '../audit/index.ts';

/** With which versions of WhatsApp Web sessions log in. Workers read it before each login. */
export interface VersionsService {
  list(): Promise<WhatsAppVersion[]>;
  /** What is not given stays as it is. */
  set(actor: Actor, request: SetWhatsAppVersionRequest): Promise<WhatsAppVersion>;
}

interface Row {
  network: Network;
  version: string | null;
  candidate: string | null;
  percent: number;
  sessionIds: string[];
  rolledBack: string | null;
  rolledBackAt: Date | null;
  accepted: number;
  refused: number;
  outdated: number;
  inUse: { version: string; sessions: number }[];
}

const SETTINGS = `v.version, v.candidate, coalesce(v.candidate_percent, 0) AS percent,
  coalesce(v.candidate_session_ids, '{}') AS "sessionIds", v.rolled_back AS "rolledBack", v.rolled_back_at AS "rolledBackAt"`;

const READ = {
  name: 'whatsapp-versions',
  text: `WITH connections AS MATERIALIZED (
    SELECT s.network, c.client_version, ${HAS_ACCEPTED} AS has_accepted, ${HAS_REFUSED} AS has_refused
    FROM session_connections c JOIN sessions s ON s.id = c.session_id LEFT JOIN whatsapp_versions v ON v.network = s.network
  )
  SELECT n.network, ${SETTINGS},
    (SELECT count(*)::int FROM connections c WHERE c.network = n.network AND c.has_accepted) AS accepted,
    (SELECT count(*)::int FROM connections c WHERE c.network = n.network AND c.has_refused) AS refused,
    (SELECT count(*)::int FROM sessions s WHERE s.network = n.network AND s.state = 'ERROR' AND s.state_code = '405') AS outdated,
    (SELECT coalesce(json_agg(u ORDER BY u.sessions DESC, u.version), '[]') FROM (
      SELECT client_version AS version, count(*)::int AS sessions FROM connections c
      WHERE c.network = n.network AND client_version IS NOT NULL GROUP BY 1) u) AS "inUse"
  FROM unnest(enum_range(NULL::"Network")) AS n(network) LEFT JOIN whatsapp_versions v ON v.network = n.network
  ORDER BY n.network::text`,
};

const LOCK = `INSERT INTO whatsapp_versions AS v (network) VALUES ($1) ON CONFLICT (network) DO UPDATE SET updated_at = now()
  RETURNING ${SETTINGS}`;
/** A candidate that stays goes on with its trial; another one, or the same after its trial ended, begins its own. */
const WRITE = `UPDATE whatsapp_versions SET version = $2, candidate = $3, candidate_percent = $4, candidate_session_ids = $5,
    candidate_since = CASE WHEN candidate = $3 THEN candidate_since WHEN $3::text IS NOT NULL THEN now() END
  WHERE network = $1`;

type Stored = Pick<Row, 'version' | 'candidate' | 'percent' | 'sessionIds'>;

export function createVersionsService({
  pool,
  defaultNetwork,
}: {
  pool: Pool;
  defaultNetwork: Network;
}): VersionsService {
  const list = async () => (await pool.query<Row>(READ)).rows.map(present);

  return {
    list,
    async set(actor, { network: given, version, candidate }) {
      const network = given === undefined ? defaultNetwork : (given.toUpperCase() as Network);
      if (candidate) await assertSessions(pool, network, candidate.sessionIds ?? []);
      await inTransaction(pool, async (tx) => {
        const { rows } = await tx.query<Stored>(LOCK, [network]);
        const before = rows[0]!;
        const tried: Omit<Stored, 'version'> =
          candidate === undefined
            ? before
            : {
                candidate: candidate?.version ?? null,
                percent: candidate?.percent ?? 0,
                sessionIds: candidate?.sessionIds ?? [],
              };
        const after: Stored = { ...tried, version: version === undefined ? before.version : version };
        await tx.query(WRITE, [network, after.version, after.candidate, after.percent, after.sessionIds]);
        await writeAudit(tx, actor, {
          action: 'whatsapp_version.set',
          resourceType: 'whatsapp_version',
          workspaceId: null,
          before: { network, ...only(before) },
          after: { network, ...only(after) },
        });
      });
      return (await list()).find((one) => one.network === network.toLowerCase())!;
    },
  };
}

const only = ({ version, candidate, percent, sessionIds }: Stored) => ({ version, candidate, percent, sessionIds });

/** @throws {ApiError} SESSION_NOT_FOUND */
async function assertSessions(db: Queryable, network: Network, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const { rows } = await db.query<{ id: string }>(
    'SELECT id FROM sessions WHERE id = ANY ($1::uuid[]) AND network = $2',
    [ids, network],
  );
  const found = new Set(rows.map(({ id }) => id));
  const missing = ids.filter((id) => !found.has(id.toLowerCase()));
  if (missing.length > 0)
    throw new ApiError('SESSION_NOT_FOUND', {
      message: `The network has no session ${missing[0]}. GET /api/admin/sessions has the ids of all.`,
      details: { missing },
    });
}

function present(row: Row): WhatsAppVersion {
  const { candidate, percent, sessionIds, accepted, refused, rolledBack, rolledBackAt } = row;
  return {
    network: row.network === 'LIVE' ? 'live' : 'sandbox',
    version: row.version,
    candidate: candidate === null ? null : { version: candidate, percent, sessionIds, accepted, refused },
    rolledBack: rolledBack && rolledBackAt ? { version: rolledBack, at: rolledBackAt.toISOString() } : null,
    outdated: row.outdated,
    inUse: row.inUse,
  };
}
