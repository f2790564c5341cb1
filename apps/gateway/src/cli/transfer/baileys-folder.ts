import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../errors.ts';
import { type Creds, type Device, type DeviceKey, toDevice } from './device.ts';

/** The kinds of keys of Baileys; one that begins like another comes first. */
const KINDS = [
  'app-state-sync-version',
  'app-state-sync-key',
  'sender-key-memory',
  'sender-key',
  'identity-key',
  'device-list',
  'lid-mapping',
  'pre-key',
  'session',
  'tctoken',
] as const;
type Kind = (typeof KINDS)[number];

const CREDS_FILE = 'creds.json';

/**
 * Reads the JSON of Baileys, in which bytes are `{type: 'Buffer', data: <base64>}`. Older versions wrote arrays of
 * numbers, and objects with numbered fields.
 */
export function parseBaileysJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const { type, data } = value as { type?: unknown; data?: unknown };
    if (type === 'Buffer' && typeof data === 'string') return Buffer.from(data, 'base64');
    if (type === 'Buffer' && Array.isArray(data)) return Buffer.from(data as number[]);
    const entries = Object.entries(value);
    const isBytes =
      entries.length > 0 && entries.every(([name, byte]) => /^\d+$/.test(name) && typeof byte === 'number');
    return isBytes ? Buffer.from(entries.map(([, byte]) => byte as number)) : value;
  });
}

/**
 * Splits `<kind>-<id>`.
 *
 * @param isFileName Baileys writes `/` as `__` and `:` as `-` in names of files
 */
export function parseKeyName(name: string, isFileName: boolean): { kind: Kind; keyId: string } | null {
  const kind = KINDS.find((one) => name.startsWith(`${one}-`));
  if (!kind) return null;
  const id = name.slice(kind.length + 1);
  return { kind, keyId: isFileName ? restoreId(kind, id) : id };
}

/** Only two kinds have such characters in their ids. A group of the older kind has a dash of its own. */
function restoreId(kind: Kind, id: string): string {
  if (kind === 'app-state-sync-key') return id.replaceAll('__', '/');
  if (kind === 'sender-key') return id.replace(/^(.+)--(\d+(?:_\d+)?)--(\d+)$/, '$1::$2::$3');
  return id;
}

/** What the JSON of a key must be for its kind: a damaged file must not become a key. */
function isValueOf(kind: Kind, value: unknown): boolean {
  if (kind === 'sender-key' || kind === 'identity-key') return value instanceof Uint8Array;
  if (kind === 'pre-key') {
    const { public: open, private: secret } = (value ?? {}) as { public?: unknown; private?: unknown };
    return open instanceof Uint8Array && secret instanceof Uint8Array;
  }
  if (kind === 'session') return typeof value === 'object' && value !== null && '_sessions' in value;
  return value !== null && value !== undefined;
}

/** A key from its name and its JSON; `null`: not one. */
export function readKey(name: string, text: string, isFileName: boolean): DeviceKey | null {
  const parsed = parseKeyName(name, isFileName);
  if (!parsed) return null;
  try {
    const value = parseBaileysJson(text);
    return isValueOf(parsed.kind, value) ? { ...parsed, value } : null;
  } catch {
    return null;
  }
}

/** The keys in a folder of `useMultiFileAuthState`, without the credentials. */
export async function readKeyFiles(folder: string): Promise<{ keys: DeviceKey[]; ignored: string[] }> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && name !== CREDS_FILE);
  const keys: DeviceKey[] = [];
  const ignored: string[] = [];
  for (const name of names.sort()) {
    const key = readKey(name.slice(0, -'.json'.length), await readFile(join(folder, name), 'utf8'), true);
    if (key) keys.push(key);
    else ignored.push(name);
  }
  return { keys, ignored };
}

/**
 * Reads a folder that Baileys' `useMultiFileAuthState` has written.
 *
 * @throws {CommandError}
 */
export async function readBaileysFolder(folder: string): Promise<Device> {
  const path = join(folder, CREDS_FILE);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`${path} cannot be read (${cause.code}). Give the folder of useMultiFileAuthState.`, {
      cause,
    });
  });
  let creds: Creds;
  try {
    creds = parseBaileysJson(text) as Creds;
  } catch (cause) {
    throw new CommandError(`${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const { keys, ignored } = await readKeyFiles(folder);
  return toDevice(creds, keys, path, ignored);
}
