/** A proxy that connections go out by. It holds the password: it is never logged, shown or put into an error. */
export interface EgressProxy {
  protocol: 'http' | 'socks5';
  /** A name or an address, without brackets. */
  host: string;
  port: number;
  username?: string;
  password?: string;
}

/** What was given is no proxy. The message is for whoever gave it, and repeats nothing of it. */
export class ProxyFormatError extends Error {
  override name = 'ProxyFormatError';
}

const PROTOCOLS: Readonly<Record<string, EgressProxy['protocol']>> = {
  'http:': 'http',
  'socks5:': 'socks5',
  'socks5h:': 'socks5',
};
const DEFAULT_PORTS: Readonly<Record<EgressProxy['protocol'], number>> = { http: 80, socks5: 1080 };
/** Bytes of a name or password in SOCKS5. */
const MAX_CREDENTIAL_BYTES = 255;

/**
 * Reads `http://user:password@host:port` or `socks5://…`. `credentials` take the place of those in the URL.
 *
 * @throws {ProxyFormatError}
 */
export function parseProxy(url: string, credentials: { username?: string; password?: string } = {}): EgressProxy {
  if (!URL.canParse(url))
    throw new ProxyFormatError('The proxy is no URL. Write `http://host:port` or `socks5://host:port`.');
  const parsed = new URL(url);
  const protocol = PROTOCOLS[parsed.protocol];
  if (!protocol) throw new ProxyFormatError('Only proxies of the kinds `http://` and `socks5://` are supported.');
  if (!parsed.hostname) throw new ProxyFormatError('The URL of the proxy names no host.');
  if ((parsed.pathname !== '' && parsed.pathname !== '/') || parsed.search || parsed.hash)
    throw new ProxyFormatError('The URL of a proxy ends with its port: leave out the path and what follows it.');
  const username = credentials.username ?? decoded(parsed.username);
  const password = credentials.password ?? decoded(parsed.password);
  if (password && !username) throw new ProxyFormatError('A proxy with a password needs a `username`, too.');
  if (username?.includes(':')) throw new ProxyFormatError('The name of a user at a proxy has no colon.');
  for (const text of [username, password])
    if (Buffer.byteLength(text ?? '') > MAX_CREDENTIAL_BYTES)
      throw new ProxyFormatError(`Name and password have at most ${MAX_CREDENTIAL_BYTES} bytes each.`);
  return {
    protocol,
    host: parsed.hostname.replace(/^\[|\]$/g, '').toLowerCase(),
    port: parsed.port ? Number(parsed.port) : DEFAULT_PORTS[protocol],
    ...(username && { username }),
    ...(password && { password }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ProxyFormatError('Name and password in the URL of a proxy are percent-encoded: write `%25` for a `%`.');
  }
}

/** The proxy as it is shown: without its credentials. */
export const proxyAddress = ({ protocol, host, port }: EgressProxy): string =>
  `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`;
