import { Type } from 'typebox';

/** The environment of the network: from where and how the gateway is reached. */
export const NETWORK_ENVIRONMENT = {
  /** Security headers on every answer. */
  HELMET_ENABLED: Type.Boolean({ default: true }),
  /** Origins that browsers may call from, separated by commas; `*` for all. None by default. */
  CORS_ORIGIN: Type.String({ default: '' }),
  /**
   * Proxies whose X-Forwarded-* headers are trusted: `true` for one proxy in front, a number for so many in a row, or
   * the addresses and networks of proxies, separated by commas.
   */
  TRUST_PROXY: Type.String({ default: 'false' }),
  /**
   * Where the gateway is below its host, such as `/wa`: cookies, redirects and the pages of `/docs` begin with it. The
   * proxy in front may pass it on or cut it off.
   */
  BASE_PATH: Type.String({ pattern: '^(/[A-Za-z0-9._~-]+)*$', default: '' }),
  /** Redirect plain HTTP, or refuse it. Needs TRUST_PROXY, because TLS ends at the proxy. */
  REQUIRE_HTTPS: Type.Boolean({ default: false }),
  /** Addresses and networks that may come in, separated by commas; none for all. Workers have to be among them. */
  IP_ALLOW: Type.String({ default: '' }),
  /** Addresses and networks that may not. */
  IP_DENY: Type.String({ default: '' }),
};
