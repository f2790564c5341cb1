import type { BinaryNode } from './baileys.ts';
import { childrenOf } from './nodes.ts';

/** Where files are uploaded to, as WhatsApp says it. */
export interface MediaConnection {
  hosts: MediaHost[];
  /** A word for the address of each upload. */
  auth: string;
  /** Seconds for which this holds. */
  ttl: number;
}

export interface MediaHost {
  /** With a port, where it is not 443. */
  hostname: string;
  /** The largest file that it takes, in bytes, encrypted. */
  maxBytes: number;
}

const DEFAULT_TTL = 300;

/** @throws when the answer is none, or names no host: Baileys makes nothing of a query that is not answered */
export function readMediaConnection(answer: BinaryNode | undefined): MediaConnection {
  const node = childrenOf(answer).find(({ tag }) => tag === 'media_conn');
  const hosts = childrenOf(node)
    .filter(({ tag, attrs }) => tag === 'host' && attrs.hostname)
    .map(({ attrs }) => ({
      hostname: attrs.hostname!,
      maxBytes: Number(attrs.maxContentLengthBytes) || Number.POSITIVE_INFINITY,
    }));
  if (!node || hosts.length === 0) throw new Error('WhatsApp did not say where to upload files.');
  return { hosts, auth: node.attrs.auth ?? '', ttl: Number(node.attrs.ttl) || DEFAULT_TTL };
}
