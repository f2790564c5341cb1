import type { SecretBox } from '@wa-gate/kit';
import type { EgressProxy } from './proxy.ts';

/** Purpose of the box that proxies of sessions are sealed with. */
export const PROXY_BOX = 'session-proxies';

/** What a proxy is sealed to: it cannot be moved to another session. */
export const proxyContext = (sessionId: string): string => `session-proxy/${sessionId}`;

export const sealProxy = (box: SecretBox, sessionId: string, proxy: EgressProxy): Buffer =>
  box.seal(Buffer.from(JSON.stringify(proxy)), proxyContext(sessionId));

/** @throws {UnsealError} */
export const openProxy = (box: SecretBox, sessionId: string, sealed: Uint8Array): EgressProxy =>
  JSON.parse(box.open(sealed, proxyContext(sessionId)).toString()) as EgressProxy;
