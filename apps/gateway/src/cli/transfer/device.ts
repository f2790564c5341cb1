import { CommandError } from '../errors.ts';

/** One key of a device, with its value as Baileys has it. */
export interface DeviceKey {
  /** A type of Baileys, or `creds`. */
  kind: string;
  keyId: string;
  value: unknown;
}

/** What Baileys knows of a device that a phone has linked. */
export interface Creds {
  me?: { id?: string; lid?: string; name?: string };
  account?: Record<string, unknown> | null;
  noiseKey?: unknown;
  signedIdentityKey?: unknown;
  signedPreKey?: unknown;
  registrationId?: number;
  advSecretKey?: string;
  nextPreKeyId?: number;
  firstUnuploadedPreKeyId?: number;
}

/** A linked device as it is moved from one installation to another. */
export interface Device {
  /** Digits. */
  phoneNumber: string;
  lid: string | null;
  pushName: string | null;
  keys: DeviceKey[];
  /** Files or fields that were not understood. They are left out. */
  ignored: string[];
}

const NEEDED = ['noiseKey', 'signedIdentityKey', 'signedPreKey', 'registrationId', 'advSecretKey'] as const;
const ACCOUNT_BYTES = ['details', 'accountSignatureKey', 'accountSignature', 'deviceSignature'];

/**
 * A device from the credentials and keys of Baileys.
 *
 * @param where for the sentence of an error
 * @throws {CommandError} when no phone has linked it
 */
export function toDevice(creds: Creds, keys: readonly DeviceKey[], where: string, ignored: string[] = []): Device {
  const missing = NEEDED.filter((name) => creds[name] === undefined || creds[name] === null);
  if (missing.length > 0)
    throw new CommandError(`${where} are no credentials of Baileys: ${missing.join(', ')} is missing.`);
  const me = creds.me && parseJid(creds.me.id);
  if (!me || !creds.account) {
    throw new CommandError(`${where} belong to a device that no phone has linked. There is nothing to import.`);
  }
  const { nextPreKeyId = 1, firstUnuploadedPreKeyId = nextPreKeyId } = creds;
  const complete = { ...creds, account: readAccount(creds.account), nextPreKeyId, firstUnuploadedPreKeyId };
  const lid = parseJid(creds.me?.lid);
  const { name } = creds.me ?? {};
  return {
    phoneNumber: me.user,
    lid: lid && `${lid.user}@${lid.server}`,
    pushName: name && name !== '~' ? name : null,
    keys: [{ kind: 'creds', keyId: 'creds', value: complete }, ...keys],
    ignored,
  };
}

function parseJid(jid: string | undefined): { user: string; server: string } | null {
  const [, user, server] = /^(\d+)(?::\d+)?@(.+)$/.exec(jid ?? '') ?? [];
  return user && server ? { user, server } : null;
}

/** Protobuf messages write bytes to JSON as base64. */
const readAccount = (account: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(account).map(([name, value]) => [
      name,
      ACCOUNT_BYTES.includes(name) && typeof value === 'string' ? Buffer.from(value, 'base64') : value,
    ]),
  );
