import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { node } from '../wire/node.ts';
import type { Connection } from './connection.ts';

type Version = readonly [primary: number, secondary: number, tertiary: number];

/** The versions of clients that the server takes. WhatsApp refuses old ones with 405, also before they are linked. */
export class ClientVersions {
  #minimum: Version | null = null;

  get minimum(): string | null {
    return this.#minimum?.join('.') ?? null;
  }

  /** @param version in the dotted form; `null`: every one is taken */
  require(version: string | null): void {
    this.#minimum = version === null ? null : (version.split('.').map(Number) as unknown as Version);
  }

  /** Refuses the client and returns true when its version is too old. */
  refuse(connection: Connection, payload: proto.IClientPayload): boolean {
    if (!this.#minimum || !isOlder(versionOf(payload), this.#minimum)) return false;
    connection.close('failure 405', node('failure', { reason: '405', location: 'sandbox' }));
    return true;
  }
}

function versionOf({ userAgent }: proto.IClientPayload): Version {
  const { primary, secondary, tertiary } = userAgent?.appVersion ?? {};
  return [primary ?? 0, secondary ?? 0, tertiary ?? 0];
}

function isOlder(version: Version, than: Version): boolean {
  for (const [index, part] of than.entries()) {
    const own = version[index] ?? 0;
    if (own !== part) return own < part;
  }
  return false;
}
