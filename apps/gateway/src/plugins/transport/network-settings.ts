import { ConfigError } from '@wa-gate/kit';
import { type Config, corsOrigins } from '../../config.ts';
import { type AddressList, canonicalNetwork, createAddressList } from '../../http/address-list.ts';

/** From where and how the gateway may be reached. */
export interface NetworkSettings {
  /** Proxies whose X-Forwarded-* headers are trusted: none, so many in front, or those of these networks. */
  trustProxy: false | string[] | ((address: string, hop: number) => boolean);
  /** Security headers on every answer. */
  helmet: boolean;
  /** Origins that browsers may call from; `true` for all. */
  corsOrigins: string[] | true;
  requireHttps: boolean;
  /** Where the gateway is below its host; empty at the root. */
  basePath: string;
  /** Only from there; null for everywhere. */
  allow: AddressList | null;
  deny: AddressList | null;
}

const entriesOf = (list: string): string[] =>
  list
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);

function addressesOf(name: string, list: string): string[] {
  const entries = entriesOf(list);
  const wrong = entries.find((entry) => canonicalNetwork(entry) === null);
  if (wrong !== undefined) {
    throw new ConfigError(`${name}: "${wrong}" is no address and no network, such as 203.0.113.7 or 10.0.0.0/8.`);
  }
  return entries;
}

function addressList(name: string, list: string): AddressList | null {
  const entries = addressesOf(name, list);
  return entries.length > 0 ? createAddressList(entries) : null;
}

/**
 * `true` is one proxy. Each proxy appends an entry to X-Forwarded-For; the client may have made up all earlier ones.
 */
function trustedProxies(value: string): NetworkSettings['trustProxy'] {
  const word = value.trim().toLowerCase();
  if (word === '' || word === 'false' || word === '0') return false;
  if (word === 'true') return (_address, hop) => hop < 1;
  if (/^\d{1,2}$/.test(word)) return (_address, hop) => hop < Number(word);
  return addressesOf('TRUST_PROXY', value);
}

/** First segments of our own routes: below one of them inside and outside could not be told apart. */
const OWN_SEGMENTS = new Set(['api', 'docs', 'health', 'livez', 'metrics', 'readyz']);

function basePathOf({ BASE_PATH: basePath }: Config): string {
  const [, first = ''] = basePath.split('/');
  if (!OWN_SEGMENTS.has(first)) return basePath;
  throw new ConfigError(
    `BASE_PATH cannot begin with /${first}, which is a route of the gateway itself. Take another, such as /wa.`,
  );
}

/** @throws {ConfigError} for lists that hold something else than addresses */
export function networkSettings(config: Config): NetworkSettings {
  const trustProxy = trustedProxies(config.TRUST_PROXY);
  if (config.REQUIRE_HTTPS && trustProxy === false) {
    throw new ConfigError(
      'REQUIRE_HTTPS needs TRUST_PROXY: the gateway speaks HTTP, and only the proxy in front knows what it was.',
    );
  }
  return {
    trustProxy,
    helmet: config.HELMET_ENABLED,
    corsOrigins: corsOrigins(config.CORS_ORIGIN),
    requireHttps: config.REQUIRE_HTTPS,
    basePath: basePathOf(config),
    allow: addressList('IP_ALLOW', config.IP_ALLOW),
    deny: addressList('IP_DENY', config.IP_DENY),
  };
}
