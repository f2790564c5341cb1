import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A URL of a caller must not make us call into our own network. */
export class PrivateAddressError extends Error {
  override name = 'PrivateAddressError';
  /** undici passes `code` on; it marks the refusal. */
  readonly code = 'WAG_PRIVATE_ADDRESS';
}

/**
 * Globally routable unicast only: not private, loopback, link-local (cloud metadata), multicast, NAT64 or
 * documentation.
 */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/** The host of a URL when it is an address, without brackets. */
export function addressOf(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) ? bare : undefined;
}

/**
 * Resolves with the system's resolver and keeps public addresses only: the connection goes to the address that was
 * checked. An address in the URL itself is never looked up: check it by {@link addressOf}.
 *
 * @param refusal the error for a name that has none
 * @param lookup resolves names; asked for all addresses
 */
export function publicLookup(
  refusal: (hostname: string) => PrivateAddressError,
  lookup: LookupFunction = systemLookup as LookupFunction,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '', 0);
      const addresses = found as LookupAddress[];
      const allowed = addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = allowed;
      if (!first) return callback(refusal(hostname), '', 0);
      if (options.all) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}
