import { createHash } from 'node:crypto';
import { type EgressProxy, ProxyFormatError, parseProxy, proxyAddress } from './proxy.ts';

/** The proxies of an installation, for sessions without one of their own. */
export interface FleetProxies {
  readonly count: number;
  /** Always the same for a session while its proxy is in the list. `undefined`: there are none. */
  of(sessionId: string): EgressProxy | undefined;
}

/**
 * Reads a list of URLs, separated by commas.
 *
 * @throws {ProxyFormatError} which one is no proxy, by its place in the list
 */
export function createFleetProxies(list: string | undefined): FleetProxies {
  const proxies = (list ?? '')
    .split(',')
    .map((url) => url.trim())
    .filter(Boolean)
    .map((url, index) => {
      try {
        return parseProxy(url);
      } catch (error) {
        throw error instanceof ProxyFormatError ? new ProxyFormatError(`Proxy ${index + 1}: ${error.message}`) : error;
      }
    });
  return {
    count: proxies.length,
    of(sessionId) {
      let best: { proxy: EgressProxy; score: string } | undefined;
      // The highest of one hash for each proxy: a proxy that leaves the list moves its own sessions only.
      for (const proxy of proxies) {
        const score = createHash('sha256')
          .update(`${sessionId} ${proxyAddress(proxy)}`)
          .digest('hex');
        if (!best || score > best.score) best = { proxy, score };
      }
      return best?.proxy;
    },
  };
}
