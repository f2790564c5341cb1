import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { freePort, testRedisUrl } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useGateway } from '../testing/use-gateway.ts';
import { checkNode } from './doctor/machine.ts';
import { runCli } from './run-cli.ts';

const fixture = useGateway();
let url: string;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  url = (await fixture.app.listen({ host: '127.0.0.1', port: 0 })).replace(/\/$/, '');
  folder = await mkdtemp(join(tmpdir(), 'wag-fleet-'));
  await fixture.adminToken();
  await fixture.startWorker('worker-1');
  const user = await fixture.register();
  await fixture.createSession(user, { sessionId: 'first', name: 'First' });
  env = {
    WAG_API_URL: url,
    DATABASE_URL: fixture.database.url,
    REDIS_URL: testRedisUrl(),
    WAG_MASTER_KEY: fixture.masterKey.toString('base64'),
    PATH: process.env.PATH ?? '',
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function wag(line: string, changes: Record<string, string> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(line.split(' '), {
    env: { ...env, ...changes },
    stdin: Readable.from([]),
    stdout: (text) => out.push(text),
    stderr: (text) => err.push(text),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('commands that go by the API (MR-199)', () => {
  it('workers and sessions are tables for people, JSON for programs', async () => {
    const { code, out } = await wag('workers');
    expect(code).toBe(0);
    expect(out).toMatch(/^WORKER +STATUS +NETWORK/);
    expect(out).toMatch(/^worker-1 +online/m);
    expect(JSON.parse((await wag('workers --json')).out)).toMatchObject([{ id: 'worker-1', status: 'online' }]);
    expect((await wag('sessions')).out).toMatch(/^first +/m);
    expect(JSON.parse((await wag('sessions --search first --json')).out)).toMatchObject([{ sessionId: 'first' }]);
    expect((await wag('sessions --search nobody')).out).toBe('There is no such session.');
    const wrong = await wag('sessions --status nonsense');
    expect([wrong.code, wrong.err]).toEqual([
      1,
      expect.stringMatching(/refused: The request is not valid.*status.*\(VALIDATION\)/),
    ]);
  });

  it('status tells services, workers and sessions', async () => {
    const { code, out } = await wag('status');
    expect([code, out]).toEqual([0, expect.stringMatching(/^gateway: +http.*healthy/)]);
    expect(out).toContain('1 online, 0 offline');
  });

  it('a worker is drained and used again', async () => {
    expect((await wag('drain worker-1')).out).toContain('Worker worker-1');
    expect(JSON.parse((await wag('workers --json')).out)).toMatchObject([{ state: 'draining' }]);
    expect((await wag('uncordon worker-1')).out).toContain('takes sessions again');
    const { code, err } = await wag('drain nobody');
    expect([code, err]).toEqual([1, expect.stringContaining('WORKER_NOT_FOUND')]);
  });

  it('a key is made, and works', async () => {
    const { out } = await wag('keys create --name monitoring --scope admin --expires-in-days 1 --json');
    const made = JSON.parse(out);
    expect(made.key).toMatchObject({ name: 'monitoring', scope: 'admin' });
    expect(made.key.expiresAt).not.toBeNull();
    expect((await wag('workers --json', { WAG_API_KEY: made.apiKey, DATABASE_URL: '' })).code).toBe(0);
    // Those that commands have made for themselves have ended with them.
    const { rows } = await fixture.database.pool.query(
      `SELECT is_active AS "isActive" FROM api_keys WHERE name = 'wag'`,
    );
    expect(new Set(rows.map(({ isActive }) => isActive))).toEqual(new Set([false]));
  });
});

describe('the key of the commands', () => {
  it('is kept in its file, for its owner alone, and replaced when it is not known any more', async () => {
    const file = join(folder, 'wag.key');
    await wag('workers', { WAG_KEY_FILE: file });
    const first = await readFile(file, 'utf8');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await wag('workers', { WAG_KEY_FILE: file });
    expect(await readFile(file, 'utf8')).toBe(first);
    await writeFile(file, 'wag_live_00000000_0000000000000000000000000000000000000000000\n');
    expect((await wag('workers', { WAG_KEY_FILE: file })).code).toBe(0);
    const audited = await fixture.database.pool.query(
      `SELECT 1 FROM audit_logs WHERE action = 'key.created' AND actor_kind = 'system'`,
    );
    expect(audited.rowCount).toBeGreaterThanOrEqual(2);
  });

  it('without a key and without a database the command says what it needs', async () => {
    const { code, err } = await wag('workers', { DATABASE_URL: '' });
    expect([code, err]).toEqual([1, expect.stringContaining('Give one of the scope admin as WAG_API_KEY')]);
  });

  it('a wrong key, and a gateway that is not there, are sentences', async () => {
    const wrong = await wag('workers', {
      WAG_API_KEY: 'wag_live_00000000_0000000000000000000000000000000000000000000',
    });
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('does not accept the API key')]);
    const away = await wag('workers', { WAG_API_URL: `http://127.0.0.1:${await freePort()}` });
    expect([away.code, away.err]).toEqual([
      1,
      expect.stringContaining('The gateway does not answer at http://127.0.0.1'),
    ]);
    const user = await fixture.register();
    const customer = await wag('workers', { WAG_API_KEY: user.apiKey });
    expect([customer.code, customer.err]).toEqual([1, expect.stringContaining('FORBIDDEN')]);
  });
});

interface Finding {
  check: string;
  state: string;
  found: string;
  advice?: string;
}

async function doctor(changes: Record<string, string> = {}) {
  const { code, out } = await wag('doctor --json', changes);
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  return { code, of: (check: string) => findings.find((finding) => finding.check === check) };
}

describe('wag doctor', () => {
  it('finds every dependency of a healthy installation, and no problem but those of the machine', async () => {
    const { of } = await doctor();
    for (const check of ['Node.js', 'PostgreSQL', 'clock', 'master key', 'Redis', 'gateway', 'workers']) {
      expect(of(check)).toMatchObject({ state: 'ok' });
    }
    // The PostgreSQL of the tests keeps nothing for a crash, and the doctor sees it.
    expect(of('durability')).toMatchObject({ state: 'problem', advice: expect.stringContaining('old ratchets') });
    const { out } = await wag('doctor');
    expect(out).toMatch(/^ok {4}PostgreSQL +version/m);
    expect(out).toMatch(/^FAIL +durability .*\n +-> Set both to on/m);
  });

  it.each([
    [
      'PostgreSQL',
      { DATABASE_URL: 'postgresql://me:secret@127.0.0.1:1/db' },
      'PostgreSQL does not answer at 127.0.0.1:1',
    ],
    ['PostgreSQL', { DATABASE_URL: 'nonsense' }, 'DATABASE_URL is not the URL of one PostgreSQL'],
    ['Redis', { REDIS_URL: 'redis://127.0.0.1:1' }, 'no answer at 127.0.0.1:1'],
    ['gateway', { WAG_API_URL: 'http://127.0.0.1:1' }, 'no answer at http://127.0.0.1:1'],
    ['master key', { WAG_MASTER_KEY: Buffer.alloc(32, 9).toString('base64') }, 'is not the key'],
    ['master key', { WAG_MASTER_KEY: 'short' }, 'must be 32 bytes in base64'],
    ['mail', { SMTP_HOST: '127.0.0.1', SMTP_PORT: '1' }, '127.0.0.1:1: ECONNREFUSED'],
  ])('%s: %j is a problem, with what to do, and exit code 1', async (check, changes, found) => {
    const { code, of } = await doctor(changes);
    expect(code).toBe(1);
    expect(of(check)).toMatchObject({
      state: 'problem',
      found: expect.stringContaining(found),
      advice: expect.any(String),
    });
    expect(JSON.stringify(of(check))).not.toContain('secret@');
  });

  it('sees files with secrets that others may read, and a port that somebody else has', async () => {
    const data = await mkdtemp(join(folder, 'data-'));
    await writeFile(join(data, 'secrets'), '{}', { mode: 0o644 });
    expect((await doctor({ DATA_DIR: data })).of('permissions')).toMatchObject({
      state: 'problem',
      advice: expect.stringContaining(`${data}/secrets`),
    });
    const port = String(new URL(env.REDIS_URL!).port);
    expect((await doctor({ WAG_API_URL: '', PORT: port })).of('port')).toMatchObject({ state: 'problem' });
  });

  it.each([
    ['18.19.0', 'problem'],
    ['20.18.9', 'problem'],
    ['20.19.0', 'ok'],
    ['24.1.0', 'ok'],
  ])('Node.js %s is %s', (version, state) => {
    expect(checkNode(version).state).toBe(state);
  });
});
