import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { addressOf } from '@wa-gate/egress';
import { ConfigError } from '@wa-gate/kit';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';
import { canonicalNetwork, createAddressList } from '../http/address-list.ts';

/** Words of WORKER_ENDPOINT_ALLOW for the usual networks. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/**
 * Addresses where no worker can be, whatever the list says: link-local (cloud metadata), multicast, unspecified, and
 * those that embed another address.
 */
const NEVER: ReadonlySet<string> = new Set([
  'linkLocal',
  'multicast',
  'unspecified',
  'broadcast',
  'ipv4Mapped',
  'rfc6145',
  'rfc6052',
  '6to4',
  'teredo',
]);
/** Metadata services of clouds outside the link-local network. */
const METADATA = createAddressList(['fd00:ec2::254', '100.100.100.200', '168.63.129.16', '192.0.0.192']);

/** No worker is allowed at this address, so no connection is made. */
export class WorkerAddressError extends Error {
  override name = 'WorkerAddressError';
  readonly code = 'WAG_WORKER_ADDRESS';
}

/**
 * The addresses where workers may be. Registering a worker makes every gateway connect to its endpoint. Each connection
 * to a worker (probe, control stream, call) is therefore made with these functions: names are resolved, and the
 * connection goes to exactly the address that was checked. What a name resolves to may change at any time, so each
 * connection checks anew.
 */
export interface WorkerAddresses {
  /**
   * The endpoint written as it is stored: scheme, host and port.
   * @throws {WorkerAddressError} for what is no such URL, and for an address where no worker may be
   */
  normalize(endpoint: string): string;
  /** For the agents of undici. */
  connector: buildConnector.connector;
  /**
   * A DNS lookup for other clients. Clients do not look up a host that is an address, so pass the URL to {@link
   * normalize} first.
   */
  lookup: LookupFunction;
}

/**
 * @param list `loopback`, `private`, addresses and networks
 * @throws {ConfigError}
 */
export function createWorkerAddresses(list: string): WorkerAddresses {
  const words = list
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  const networks = words.flatMap((word) => {
    const named = NAMED[word] ?? canonicalNetwork(word);
    if (!named) {
      throw new ConfigError(
        `The environment is not valid: WORKER_ENDPOINT_ALLOW lists ${JSON.stringify(word)}, which is neither an address, nor a network such as 10.0.0.0/8, nor \`loopback\` or \`private\`.`,
      );
    }
    return named;
  });
  const allowed = createAddressList(networks);

  const isAllowed = (address: string): boolean =>
    !METADATA.includes(address) && !NEVER.has(ipaddr.process(address).range()) && allowed.includes(address);

  function assertAllowed(hostname: string): void {
    const address = addressOf(hostname);
    if (address && !isAllowed(address)) throw refusal(hostname);
  }

  const lookup: LookupFunction = (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '', 0);
      const usable = addresses.filter(({ address }) => isAllowed(address));
      const [first] = usable;
      if (!first) return callback(refusal(hostname), '', 0);
      if (options.all) return callback(null, usable);
      return callback(null, first.address, first.family);
    });
  };

  const connect = buildConnector({ lookup });
  return {
    normalize(endpoint) {
      let url: URL;
      try {
        url = new URL(endpoint);
      } catch {
        throw new WorkerAddressError('The endpoint is not a URL.');
      }
      if (url.username || url.password) throw new WorkerAddressError('The endpoint must not carry credentials.');
      assertAllowed(url.hostname);
      return url.origin;
    },
    connector(options, callback) {
      try {
        assertAllowed(options.hostname);
      } catch (error) {
        callback(error as Error, null);
        return;
      }
      connect(options, callback);
    },
    lookup,
  };
}

const refusal = (hostname: string): WorkerAddressError =>
  new WorkerAddressError(
    `No worker may be at ${hostname}. The operator lists the networks of workers in WORKER_ENDPOINT_ALLOW.`,
  );
