import type { Pool } from '@wa-gate/db';
import { createFleetProxies, type EgressProxy, openProxy, PROXY_BOX, proxyAddress } from '@wa-gate/egress';
import { createSecretBox } from '@wa-gate/kit';
import { type ConnectionPlan, readConnectionPlan } from '@wa-gate/messaging';
import { DEFAULT_CLIENT_VERSION } from '../whatsapp/default-version.ts';
import type { MediaAccess, NetworkEndpoint, ProxyChoice, WhatsAppNetwork } from '../whatsapp/network.ts';
import { type ClientVersion, chooseVersion, parseVersion } from './client-version.ts';

/** What the phone shows among its linked devices. */
export interface DeviceName {
  name: string;
  browser: string;
}

/** How a session connects to WhatsApp: from where, and as what. */
export interface Route {
  endpoint: NetworkEndpoint;
  version: ClientVersion;
  /** Whether it is one that only some sessions try. */
  isCandidate: boolean;
  device: DeviceName;
  usesProxy: boolean;
  plan: ConnectionPlan;
}

export interface Routes {
  /** Read before each connection, so that a change holds from the next one on. */
  of(sessionId: string): Promise<Route>;
  /** For files that the session fetches. */
  media(sessionId: string): Promise<MediaAccess>;
  /**
   * The way through a proxy that is not stored. One of the operator's is not named: its `address` is `null`.
   *
   * @param proxy `undefined`: through the one that the session uses now; `null` comes back where it uses none
   */
  trial(
    sessionId: string,
    proxy: EgressProxy | undefined,
  ): Promise<{ endpoint: NetworkEndpoint; address: string | null } | null>;
}

/** What an operator sets for all sessions of a worker. */
export interface EgressSettings {
  /** URLs of proxies, separated by commas. */
  proxies?: string | undefined;
  /** Whether the proxies that workspaces set may have private addresses. */
  allowPrivate?: boolean;
  device?: Partial<DeviceName>;
  /** In the dotted form. */
  version?: string | undefined;
}

export interface RoutesDependencies {
  pool: Pool;
  network: WhatsAppNetwork;
  masterKeys: readonly Uint8Array[];
  settings?: EgressSettings | undefined;
}

const DEFAULT_DEVICE: DeviceName = { name: 'Mac OS', browser: 'chrome' };

/** As WhatsApp spells them. */
const deviceOf = ({ name, browser }: DeviceName): DeviceName => ({
  name,
  browser: browser.charAt(0).toUpperCase() + browser.slice(1),
});

/** A session that is gone has no settings. */
const NO_PLAN: ConnectionPlan = {
  network: 'SANDBOX',
  proxy: null,
  device: null,
  version: null,
  candidate: null,
  candidatePercent: 0,
  isNamed: false,
  clientVersion: null,
  refusedVersion: null,
  hasAcceptedCandidate: false,
  hasRefusedCandidate: false,
  hasProxyError: false,
  relinkNumber: null,
};

export function createRoutes({ pool, network, masterKeys, settings = {} }: RoutesDependencies): Routes {
  const box = createSecretBox(masterKeys, PROXY_BOX);
  const fleet = createFleetProxies(settings.proxies);
  const allowPrivate = settings.allowPrivate ?? false;
  const fallback = parseVersion(settings.version) ?? DEFAULT_CLIENT_VERSION;

  function choiceOf(sessionId: string, { proxy: sealed }: ConnectionPlan): ProxyChoice | undefined {
    if (sealed) return { proxy: openProxy(box, sessionId, sealed), allowPrivate };
    const proxy = fleet.of(sessionId);
    return proxy && { proxy, allowPrivate: true };
  }

  const planOf = async (sessionId: string) => (await readConnectionPlan(pool, sessionId)) ?? NO_PLAN;

  return {
    async of(sessionId) {
      const plan = await planOf(sessionId);
      const choice = choiceOf(sessionId, plan);
      return {
        endpoint: await network.endpoint(choice),
        ...chooseVersion(sessionId, plan, fallback),
        device: deviceOf({ ...DEFAULT_DEVICE, ...settings.device, ...plan.device }),
        usesProxy: choice !== undefined,
        plan,
      };
    },
    async media(sessionId) {
      return (await network.endpoint(choiceOf(sessionId, await planOf(sessionId)))).media;
    },
    async trial(sessionId, proxy) {
      const plan = proxy ? NO_PLAN : await planOf(sessionId);
      const choice = proxy ? { proxy, allowPrivate } : choiceOf(sessionId, plan);
      if (!choice) return null;
      const isOfFleet = !proxy && !plan.proxy;
      return { endpoint: await network.endpoint(choice), address: isOfFleet ? null : proxyAddress(choice.proxy) };
    },
  };
}
