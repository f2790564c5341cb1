import { addressOf, isPublicAddress } from '@wa-gate/egress';

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
  return refuseHost(parsed.hostname, allowPrivate);
}

/** Why a host cannot be connected to, as far as its name tells; `null`: it can. */
export function refuseHost(hostname: string, allowPrivate: boolean): string | null {
  if (allowPrivate) return null;
  const address = addressOf(hostname);
  if (address ? !isPublicAddress(address) : /^(?:.*\.)?localhost\.?$/i.test(hostname)) {
    return 'Its host is a private address.';
  }
  return null;
}
