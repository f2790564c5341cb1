import type { Pool } from '@wa-gate/db';
import {
  createTunnel,
  type EgressProxy,
  type FleetProxies,
  openProxy,
  PROXY_BOX,
  PrivateAddressError,
  publicLookup,
  type Tunnel,
} from '@wa-gate/egress';
import { createSecretBox } from '@wa-gate/kit';
import { LRUCache } from 'lru-cache';
import type { Dispatcher } from 'undici';

/** The way by which requests for a session go out of a gateway. */
export interface SessionEgress {
  /** `undefined`: the session has no proxy. */
  dispatcherOf(sessionId: string): Promise<Dispatcher | undefined>;
  close(): Promise<void>;
}

export interface SessionEgressDependencies {
  pool: Pool;
  masterKeys: readonly Uint8Array[];
  fleet: FleetProxies;
  allowPrivate: boolean;
}

const READ = { name: 'session-egress', text: 'SELECT proxy FROM session_connections WHERE session_id = $1' };
const MAX_TUNNELS = 200;

export function createSessionEgress({
  pool,
  masterKeys,
  fleet,
  allowPrivate,
}: SessionEgressDependencies): SessionEgress {
  const box = createSecretBox(masterKeys, PROXY_BOX);
  const tunnels = new LRUCache<string, Tunnel>({ max: MAX_TUNNELS, dispose: (tunnel) => void tunnel.close() });
  const refusal = (hostname: string) => new PrivateAddressError(`${hostname} is a private address.`);

  function through(proxy: EgressProxy, isOwn: boolean): Dispatcher {
    const key = JSON.stringify([proxy, isOwn]);
    // A page is named by whoever sends: its address is looked up and checked here, also behind a proxy of the operator.
    const tunnel =
      tunnels.get(key) ?? createTunnel(proxy, { allowPrivate: !isOwn || allowPrivate, lookup: publicLookup(refusal) });
    tunnels.set(key, tunnel);
    return tunnel.dispatcher;
  }

  return {
    async dispatcherOf(sessionId) {
      const { rows } = await pool.query<{ proxy: Buffer | null }>({ ...READ, values: [sessionId] });
      const sealed = rows[0]?.proxy;
      if (sealed) return through(openProxy(box, sessionId, sealed), true);
      const proxy = fleet.of(sessionId);
      return proxy && through(proxy, false);
    },
    close: async () => void (await Promise.all([...tunnels.values()].map((tunnel) => tunnel.close()))),
  };
}
