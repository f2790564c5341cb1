import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { ProxyError } from '@wa-gate/egress';
import type { NetworkEndpoint } from '../whatsapp/network.ts';

export type ProxyTrial = { ok: true; latencyMs: number } | { ok: false; words: string };

const TIMEOUT_MS = 15_000;

/**
 * Asks WhatsApp's server for an answer through a proxy, whatever the answer is: whoever checks the certificate has
 * reached it. No device logs in.
 */
export function tryProxy({ wsUrl, agent }: NetworkEndpoint): Promise<ProxyTrial> {
  const url = new URL(wsUrl.replace(/^ws/, 'http'));
  const get = url.protocol === 'https:' ? httpsGet : httpGet;
  const began = performance.now();
  return new Promise((resolve) => {
    const request = get(url, { agent, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      response.destroy();
      resolve({ ok: true, latencyMs: Math.round(performance.now() - began) });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ ok: false, words: error instanceof ProxyError ? error.message : behind(error) });
    });
  });
}

/** Why the server behind the proxy was not reached. */
function behind({ name, code }: NodeJS.ErrnoException): string {
  if (name === 'AbortError' || name === 'TimeoutError') return 'WhatsApp does not answer through it in time';
  return `WhatsApp cannot be reached through it${code ? ` (${code})` : ''}`;
}
