import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../errors.ts';
import { parseBaileysJson, readKey, readKeyFiles } from './baileys-folder.ts';
import { type Creds, type Device, type DeviceKey, toDevice } from './device.ts';
import { ForeignTablesMissingError, openForeignDatabase } from './foreign-database.ts';
import { type ForeignRedis, openForeignRedis } from './foreign-redis.ts';

/** One instance of Evolution API. */
export interface EvolutionInstance {
  id: string;
  name: string;
  /** `null`: it is not linked; `reason` says why it is left out. */
  device: Device | null;
  reason?: string;
}

export interface EvolutionSource {
  /** Evolution's PostgreSQL, with its `?schema=`, or its MySQL. */
  databaseUrl: string;
  /** The folder that has one folder of key files for each instance. */
  instances?: string | undefined;
  /** Evolution's Redis, where it keeps the keys when its cache is on. */
  redisUrl?: string | undefined;
}

const BAILEYS = /baileys/i;

/**
 * Reads the instances of Evolution API 2 that talk Baileys: credentials from its tables `Instance` and `Session`,
 * keys from its files or its Redis. Without keys a device can be used all the same: what was written under them
 * meanwhile is asked for again.
 *
 * @param names only these instances. @default all
 * @throws {CommandError}
 */
export async function readEvolution(
  source: EvolutionSource,
  names: readonly string[] = [],
): Promise<EvolutionInstance[]> {
  const rows = await readRows(source.databaseUrl);
  const unknown = names.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0)
    throw new CommandError(`There is no instance ${unknown.join(', ')} in the database of Evolution API.`);
  const wanted = rows.filter((row) => names.length === 0 || names.includes(row.name));
  const redis = source.redisUrl ? await openForeignRedis(source.redisUrl, 'Evolution API') : null;
  try {
    const instances: EvolutionInstance[] = [];
    for (const { id, name, integration, creds } of wanted) {
      if (integration && !BAILEYS.test(integration)) {
        instances.push({ id, name, device: null, reason: `its integration is ${integration}` });
        continue;
      }
      if (!creds) {
        instances.push({ id, name, device: null, reason: 'it has no credentials in the table Session' });
        continue;
      }
      const folder = source.instances && join(source.instances, id);
      const files = folder && existsSync(folder) ? await readKeyFiles(folder) : { keys: [], ignored: [] };
      const cached = redis ? await keysOf(redis, id) : [];
      try {
        const device = toDevice(
          readCreds(creds),
          [...files.keys, ...cached],
          `the credentials of ${name}`,
          files.ignored,
        );
        instances.push({ id, name, device });
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        instances.push({ id, name, device: null, reason: error.message });
      }
    }
    return instances;
  } finally {
    redis?.close();
  }
}

interface Row {
  id: string;
  name: string;
  integration: string | null;
  creds: string | null;
}

async function readRows(url: string): Promise<Row[]> {
  const source = await openForeignDatabase(url);
  const sessionId = source.column('sessionId');
  const [instance, session] = [source.table('Instance'), source.table('Session')];
  try {
    return await source.rows<Row>(
      `SELECT i.id, i.name, i.integration, s.creds FROM ${instance} i LEFT JOIN ${session} s ON s.${sessionId} = i.id ORDER BY i.name`,
    );
  } catch (cause) {
    if (!(cause instanceof ForeignTablesMissingError)) throw cause;
    throw new CommandError(
      `That database has no tables of Evolution API 2 (Instance, Session: ${cause.message}). A URL of PostgreSQL names the schema: ?schema=evolution_api.`,
      { cause },
    );
  } finally {
    await source.end();
  }
}

/** Evolution stores the text of Baileys' JSON as JSON once more. */
function readCreds(text: string): Creds {
  const outer = JSON.parse(text) as unknown;
  return parseBaileysJson(typeof outer === 'string' ? outer : text) as Creds;
}

/** Evolution keeps a hash for each instance, `<prefix>:<module>:<id>`, one field for each key. */
async function keysOf(redis: ForeignRedis, id: string): Promise<DeviceKey[]> {
  const keys: DeviceKey[] = [];
  for await (const { fields } of redis.hashes(`*${id}`)) {
    for (const [field, text] of Object.entries(fields)) {
      const key = readKey(field, text, false);
      if (key) keys.push(key);
    }
  }
  return keys;
}
