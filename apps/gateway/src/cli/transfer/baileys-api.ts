import { CommandError } from '../errors.ts';
import { parseBaileysJson, readKey } from './baileys-folder.ts';
import { type Creds, type Device, type DeviceKey, toDevice } from './device.ts';
import { openForeignRedis } from './foreign-redis.ts';

/** One connection of fazer-ai's baileys-api. */
export interface BaileysApiConnection {
  /** Its number, as its routes name it: `+` and digits. */
  name: string;
  /** `null`: it is left out, and `reason` says why. */
  device: Device | null;
  reason?: string;
}

const PREFIX = '@baileys-api:connections:';
const SUFFIX = ':authState';
/** Fields of its own: the settings of the connection, and the cursor of an import. */
const NO_KEYS = ['creds', 'metadata', 'import-candidates'];

/**
 * Reads the connections that fazer-ai's baileys-api keeps in its Redis: a hash for each number, with the credentials
 * and one field for each key.
 *
 * @param numbers only these. @default all
 * @throws {CommandError}
 */
export async function readBaileysApi(url: string, numbers: readonly string[] = []): Promise<BaileysApiConnection[]> {
  const redis = await openForeignRedis(url, 'baileys-api');
  const connections: BaileysApiConnection[] = [];
  try {
    for await (const { name, fields } of redis.hashes(`${PREFIX}*${SUFFIX}`))
      connections.push(connectionOf(name.slice(PREFIX.length, -SUFFIX.length), fields));
  } finally {
    redis.close();
  }
  if (connections.length === 0)
    throw new CommandError(`That Redis has no connections of baileys-api (hashes ${PREFIX}<number>${SUFFIX}).`);
  const wanted = new Set(numbers.map(digitsOf));
  const unknown = [...wanted].filter((number) => !connections.some(({ name }) => digitsOf(name) === number));
  if (unknown.length > 0)
    throw new CommandError(`baileys-api has no connection of ${unknown.join(', ')} in that Redis.`);
  return connections
    .filter(({ name }) => wanted.size === 0 || wanted.has(digitsOf(name)))
    .sort((a, b) => a.name.localeCompare(b.name));
}

const digitsOf = (number: string): string => number.replaceAll(/\D/g, '');

function connectionOf(name: string, fields: Readonly<Record<string, string>>): BaileysApiConnection {
  const { creds } = fields;
  if (creds === undefined) return { name, device: null, reason: 'it has no credentials' };
  const keys: DeviceKey[] = [];
  const ignored: string[] = [];
  for (const [field, text] of Object.entries(fields)) {
    if (NO_KEYS.includes(field)) continue;
    const key = readKey(field, text, false);
    if (key) keys.push(key);
    else ignored.push(field);
  }
  try {
    return { name, device: toDevice(credsOf(creds, name), keys, `the credentials of ${name}`, ignored) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { name, device: null, reason: error.message };
  }
}

function credsOf(text: string, name: string): Creds {
  try {
    return parseBaileysJson(text) as Creds;
  } catch (cause) {
    throw new CommandError(`the credentials of ${name} are not JSON: ${(cause as Error).message}`, { cause });
  }
}
