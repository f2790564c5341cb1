/** DATABASE_URL means the same for the migrator, the pools of the processes and the tools (MR-176). */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertSessions, readDatabaseUrls } from '../src/database-urls.ts';
import { describeDatabaseFailure } from '../src/failure.ts';
import { createPool } from '../src/pool.ts';
import { settleTls } from './engine/connection.mjs';
import { type Authority, makeAuthority } from './testing/certificates.ts';
import { createTlsFront, type TlsFront } from './testing/tls-front.ts';

const SERVER = process.env.TEST_DATABASE_URL!;
const database = `url_${randomUUID().slice(0, 8)}`;
const role = `r@${database}`;
/** Everything that ends a password when it is not encoded. */
const PASSWORD = 'p@s#s/w?o%r:d';
const folder = mkdtempSync(join(tmpdir(), 'wa-gate-url-'));
const encode = encodeURIComponent;

function urlOf(changes: { server?: string; query?: string; as?: string } = {}): string {
  const url = new URL(changes.server ?? SERVER);
  url.pathname = `/${database}`;
  url.search = changes.query ?? '';
  if (changes.as !== undefined) {
    [url.username, url.password] = changes.as.split(' ').map(encode) as [string, string];
  }
  return url.href;
}

async function administer(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: SERVER });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** What a process would find: its own settings at this URL. */
async function askPool<T extends object>(url: string, statement: string): Promise<T> {
  const pool = createPool({ url: (await readDatabaseUrls({ DATABASE_URL: url })).url, name: 'url-test', max: 1 });
  try {
    await assertSessions(pool, 'DATABASE_URL');
    return (await pool.query(statement)).rows[0] as T;
  } finally {
    await pool.end();
  }
}

/** A tool of the launcher, as a process. */
function run(script: string, env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, script)], {
      env: { PATH: process.env.PATH, ...env },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
    child.once('close', (code) => resolve({ code, output }));
  });
}
const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error('nothing failed');
    },
    (error: unknown) => error,
  );

beforeAll(async () => {
  await administer(
    `CREATE DATABASE ${database}`,
    `CREATE ROLE "${role}" LOGIN PASSWORD '${PASSWORD}'`,
    `GRANT CREATE ON DATABASE ${database} TO "${role}"`,
  );
});
afterAll(async () => {
  await administer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`, `DROP ROLE IF EXISTS "${role}"`);
  rmSync(folder, { recursive: true });
});

it('one schema, one encoded password: what the migrator makes, the processes and the tools find', async () => {
  const url = urlOf({ as: `${role} ${PASSWORD}`, query: '?schema=tenant_1' });
  const migrated = await run('migrate.mjs', { DATABASE_URL: url });
  expect(migrated.output).toContain('20261121000000_init');
  expect(migrated.code).toBe(0);
  expect(await askPool(url, 'SELECT current_schema() AS schema, current_user AS role')).toEqual({
    schema: 'tenant_1',
    role,
  });
  expect(await askPool(url, 'SELECT count(*)::int AS users FROM users')).toEqual({ users: 0 });
  expect(await run('stored-state.mjs', { DATABASE_URL: url })).toEqual({
    code: 0,
    output: '{"administrators":[],"removedWorkers":[]}\n',
  });
  // Without the schema there is nothing, for all of them.
  const other = urlOf();
  expect(describeDatabaseFailure(await failure(askPool(other, 'SELECT FROM users')), other)).toContain(
    'is not migrated',
  );
  expect((await run('stored-state.mjs', { DATABASE_URL: other })).code).toBe(1);
});

it('a raw character in the password is one sentence everywhere, without a piece of it', async () => {
  const url = SERVER.replace('@', '#k7Jq@');
  const sentence = 'The user name, the password or a parameter of DATABASE_URL has a character that ends it.';
  for (const script of ['migrate.mjs', 'stored-state.mjs']) {
    const { code, output } = await run(script, { DATABASE_URL: url });
    expect([code, output.split('\n').length]).toEqual([1, 2]);
    expect(output).toContain(sentence);
    expect(output).not.toContain('k7Jq');
  }
  const error = await failure(readDatabaseUrls({ DATABASE_URL: url }));
  expect(describeDatabaseFailure(error, url)).toContain(sentence);
});

describe('TLS', () => {
  let authority: Authority;
  let stranger: Authority;
  let front: TlsFront;
  let elsewhere: TlsFront;
  let without: TlsFront;
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return encode(path);
  };
  let root: string;
  let foreignRoot: string;
  beforeAll(async () => {
    [authority, stranger] = await Promise.all([makeAuthority('ours'), makeAuthority('a stranger')]);
    front = await createTlsFront(SERVER, await authority.issue('localhost'));
    elsewhere = await createTlsFront(SERVER, await authority.issue('db.example'));
    without = await createTlsFront(SERVER);
    root = file('root.crt', authority.cert);
    foreignRoot = file('foreign.crt', stranger.cert);
  });
  afterAll(async () => {
    for (const each of [front, elsewhere, without]) await each?.close();
  });

  /** By way of the pool and of the migrator's connection: `tls`, `plain`, or the sentence of the refusal. */
  async function connectBy(to: TlsFront, query: string): Promise<string> {
    const url = urlOf({ server: to.url, query });
    const before = { ...to.counts };
    const settled = await settleTls(url).catch((error: Error) => error);
    const sentences = new Set<string>();
    for (const connect of [
      () => askPool(url, 'SELECT 1'),
      async () => {
        const { probeDatabase } = await import('./engine/databases.mjs');
        if (settled instanceof Error) throw settled;
        await probeDatabase(settled);
      },
    ]) {
      await connect().catch((error: unknown) => {
        sentences.add(describeDatabaseFailure(error, url) ?? String(error));
      });
    }
    expect(sentences.size).toBeLessThanOrEqual(1);
    const [sentence] = sentences;
    if (sentence !== undefined) return sentence;
    const [tls, plain] = [to.counts.tls - before.tls, to.counts.plain - before.plain];
    expect(Math.min(tls, plain)).toBe(0);
    return tls > 0 ? 'tls' : 'plain';
  }

  it.each([
    ['', 'plain'],
    ['?sslmode=disable', 'plain'],
    ['?sslmode=prefer', 'tls'],
    ['?sslmode=require', 'tls'],
    ['?sslmode=no-verify', 'tls'],
  ])('%s to a server with a certificate that nobody knows: %s', async (query, result) => {
    expect(await connectBy(front, query)).toBe(result);
  });

  it('prefer goes on without TLS where there is none; require does not', async () => {
    expect(await connectBy(without, '?sslmode=prefer')).toBe('plain');
    expect(await connectBy(without, '?sslmode=require')).toContain('has no TLS');
  });

  it('a root certificate is believed for what it has signed, and for nothing else', async () => {
    for (const mode of ['require', 'verify-ca', 'verify-full']) {
      expect([mode, await connectBy(front, `?sslmode=${mode}&sslrootcert=${root}`)]).toEqual([mode, 'tls']);
      expect(await connectBy(front, `?sslmode=${mode}&sslrootcert=${foreignRoot}`)).toMatch(
        /certificate .* not accepted/,
      );
    }
    expect(await connectBy(front, '?sslmode=verify-full')).toMatch(/certificate .* not accepted/);
  });

  it('verify-ca asks for no name, verify-full does', async () => {
    expect(await connectBy(elsewhere, `?sslmode=verify-ca&sslrootcert=${root}`)).toBe('tls');
    expect(await connectBy(elsewhere, `?sslmode=verify-full&sslrootcert=${root}`)).toContain(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('shows a certificate of its own to a server that wants one', async () => {
    const strict = await createTlsFront(SERVER, { ...(await authority.issue('localhost')), clientCa: authority.cert });
    const own = await authority.issue('wa-gate');
    const mine = `&sslcert=${file('own.crt', own.cert)}&sslkey=${file('own.key', own.key)}`;
    try {
      expect(await connectBy(strict, `?sslmode=verify-full&sslrootcert=${root}${mine}`)).toBe('tls');
      expect(await connectBy(strict, `?sslmode=verify-full&sslrootcert=${root}`)).not.toBe('tls');
    } finally {
      await strict.close();
    }
  });
});
