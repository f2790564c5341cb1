import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A webhook must not make us call into our own network. */
export class PrivateAddressError extends Error {
  override name = 'PrivateAddressError';
  /** undici passes `code` on; it marks the refusal in `last_error`. */
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
 * Why a webhook URL cannot be used; `null`: it can. Names are resolved and checked at each delivery, because what they
 * resolve to may change.
 */
export function refuseEndpoint(url: string, allowPrivate: boolean): string | null {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return 'It is not a URL.';
  }
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return 'Only http and https are supported.';
  if (parsed.username || parsed.password) return 'Credentials in the URL are not supported; use the signature.';
  if (allowPrivate) return null;
  const address = addressOf(parsed.hostname);
  if (address ? !isPublicAddress(address) : /^(?:.*\.)?localhost\.?$/i.test(parsed.hostname)) {
    return 'Its host is a private address.';
  }
  return null;
}
