import type { SessionProxy, SetProxyRequest, SetProxyResult } from '@wa-gate/contracts';
import { inTransaction, type Pool, type SessionState } from '@wa-gate/db';
import {
  addressOf,
  type EgressProxy,
  type FleetProxies,
  isPublicAddress,
  PROXY_BOX,
  ProxyFormatError,
  parseProxy,
  proxyAddress,
  sealProxy,
} from '@wa-gate/egress';
import { createSecretBox } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';
import type { SessionRef } from '../../principal.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import type { OwnerCalls } from './owner-calls.ts';

/** The proxies of sessions. No answer, audit entry or error has the credentials of one. */
export interface ProxiesService {
  get(session: SessionRef): Promise<SessionProxy>;
  /** @throws {ApiError} PROXY_INVALID, PROXY_UNREACHABLE */
  set(actor: Actor, session: SessionRef, request: SetProxyRequest, calls: OwnerCalls): Promise<SetProxyResult>;
  /** The session goes out by a proxy of the operator's afterwards, or directly. */
  remove(actor: Actor, session: SessionRef, calls: OwnerCalls): Promise<SetProxyResult>;
}

export interface ProxiesDependencies {
  pool: Pool;
  masterKeys: readonly Uint8Array[];
  fleet: FleetProxies;
  /** Whether proxies may have private addresses. */
  allowPrivate: boolean;
}

interface Row {
  address: string | null;
  hasCredentials: boolean;
  usedAt: Date | null;
  error: string | null;
  errorAt: Date | null;
}

const NONE: Row = { address: null, hasCredentials: false, usedAt: null, error: null, errorAt: null };

const READ = {
  name: 'session-proxy',
  text: `SELECT proxy_address AS address, proxy_has_credentials AS "hasCredentials", proxy_used_at AS "usedAt",
      proxy_error AS error, proxy_error_at AS "errorAt" FROM session_connections WHERE session_id = $1`,
};
const LOCK = `INSERT INTO session_connections (session_id) VALUES ($1) ON CONFLICT (session_id) DO UPDATE SET updated_at = now()
  RETURNING proxy_address AS address, proxy_has_credentials AS "hasCredentials"`;
const WRITE = `UPDATE session_connections SET proxy = $2, proxy_address = $3, proxy_has_credentials = $4, proxy_used_at = NULL,
  proxy_error = NULL, proxy_error_at = NULL WHERE session_id = $1`;

/** States in which a session connects by itself. In the others a restart would do what its user has to do. */
const CONNECTING: ReadonlySet<SessionState> = new Set<SessionState>([
  'CONNECTED',
  'CONNECTING',
  'RECONNECTING',
  'STALE',
  'ERROR',
  'QR_REQUIRED',
]);

export function createProxiesService({ pool, masterKeys, fleet, allowPrivate }: ProxiesDependencies): ProxiesService {
  const box = createSecretBox(masterKeys, PROXY_BOX);

  async function get(session: SessionRef): Promise<SessionProxy> {
    const { rows } = await pool.query<Row>({ ...READ, values: [session.id] });
    const { address, hasCredentials, usedAt, error, errorAt } = rows[0] ?? NONE;
    const isOfFleet = address === null && fleet.count > 0;
    return {
      sessionId: session.slug,
      source: address !== null ? 'session' : isOfFleet ? 'installation' : 'none',
      url: address,
      hasCredentials,
      lastUsedAt: usedAt?.toISOString() ?? null,
      lastError: error,
      lastErrorAt: errorAt?.toISOString() ?? null,
    };
  }

  async function write(actor: Actor, session: SessionRef, proxy: EgressProxy | null): Promise<void> {
    await inTransaction(pool, async (tx) => {
      const { rows } = await tx.query<Pick<Row, 'address' | 'hasCredentials'>>(LOCK, [session.id]);
      const before = rows[0]!;
      const address = proxy && proxyAddress(proxy);
      const hasCredentials = proxy?.username !== undefined;
      await tx.query(WRITE, [session.id, proxy && sealProxy(box, session.id, proxy), address, hasCredentials]);
      await writeAudit(tx, actor, {
        action: proxy ? 'session.proxy_set' : 'session.proxy_removed',
        resourceType: 'session',
        resourceId: session.id,
        workspaceId: session.workspaceId,
        before: { url: before.address, hasCredentials: before.hasCredentials },
        after: { url: address, hasCredentials },
      });
    });
  }

  /** A session that waits for its user is left alone: a restart would begin to link it. */
  async function apply(session: SessionRef, calls: OwnerCalls): Promise<SetProxyResult> {
    const { rows } = await pool.query<{ state: SessionState }>('SELECT state FROM sessions WHERE id = $1', [
      session.id,
    ]);
    const connects = rows[0] !== undefined && CONNECTING.has(rows[0].state);
    const applied = connects && (await calls.restart()) ? ('reconnecting' as const) : ('next_connection' as const);
    return { ...(await get(session)), applied };
  }

  return {
    get,
    async set(actor, session, { test = true, url, ...credentials }, calls) {
      const proxy = readProxy(url, credentials, allowPrivate);
      if (test) {
        // Without PostgreSQL no proxy is tried, because it could not be stored.
        await get(session);
        const tried = await calls.testProxy({ url: proxyAddress(proxy), ...credentialsOf(proxy) });
        if (!tried.ok)
          throw new ApiError('PROXY_UNREACHABLE', { details: { reason: tried.error ?? 'It makes no connection.' } });
      }
      await write(actor, session, proxy);
      return await apply(session, calls);
    },
    async remove(actor, session, calls) {
      await write(actor, session, null);
      return await apply(session, calls);
    },
  };
}

const credentialsOf = ({ username, password }: EgressProxy) => ({
  ...(username !== undefined && { username }),
  ...(password !== undefined && { password }),
});

/** @throws {ApiError} PROXY_INVALID */
function readProxy(
  url: string,
  credentials: { username?: string; password?: string },
  allowPrivate: boolean,
): EgressProxy {
  let proxy: EgressProxy;
  try {
    proxy = parseProxy(url, credentials);
  } catch (error) {
    if (!(error instanceof ProxyFormatError)) throw error;
    throw new ApiError('PROXY_INVALID', { message: error.message });
  }
  const address = addressOf(proxy.host);
  const isPrivate = address ? !isPublicAddress(address) : /^(?:.*\.)?localhost\.?$/.test(proxy.host);
  if (isPrivate && !allowPrivate)
    throw new ApiError('PROXY_INVALID', {
      message:
        'The proxy has a private address. Give one with a public address; the operator can allow private ones with PROXY_ALLOW_PRIVATE.',
    });
  return proxy;
}
