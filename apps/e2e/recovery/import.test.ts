import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pairSession, registerTenant, type Tenant, uniqueName, waitForStatus } from '../harness/pair-session.ts';
import type { Phone, PhoneDevice } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type BaileysFolder, makeBaileysFolder } from './baileys-folder.ts';
import { type MariadbServer, startMariadb } from './mariadb-server.ts';
import { operatorEnvironment, wag, wagJson } from './wag.ts';

/** Sessions from elsewhere connect without a scan (MR-199). The sandbox's recorder judges at the end. */

const system = useSystem({ workers: 1 });
let tenant: Tenant;
let env: Record<string, string>;
const folders: string[] = [];

beforeAll(async () => {
  tenant = await registerTenant(system());
  // The tier of a new account has few sessions; a test of limits is elsewhere.
  await system().services.pool.query(`UPDATE users SET tier = 'MAX' WHERE email = $1`, [tenant.email]);
  env = operatorEnvironment(system());
});
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

interface Imported {
  sessions: { sessionId: string; phoneNumber: string; apiKey: string; keys: number; ignored: string[] }[];
  leftOut: { name: string; reason: string }[];
}

async function makeFolder(): Promise<BaileysFolder> {
  const made = await makeBaileysFolder(system());
  folders.push(made.folder);
  return made;
}

/** It connects by itself, talks both ways with who it knows, and is the same device as before. */
async function expectWorks(
  imported: Imported['sessions'][number],
  { owner, friend, group }: Omit<BaileysFolder, 'folder'>,
  devices: readonly PhoneDevice[],
) {
  system().secrets.add(imported.apiKey);
  const api = system().gateway.as(imported.apiKey);
  const session = await waitForStatus(api, imported.sessionId, 'connected');
  expect(session.phoneNumber).toBe(`+${owner.number}`);
  for (const [to, text] of [
    [friend.number, 'hello again'],
    [group, 'hello again, all'],
  ] as const) {
    await api.send(imported.sessionId, { to, type: 'text', message: text }, { wait: 'queued' });
    await waitFor(async () => (await system().sandbox.inbox(friend.number)).some((message) => message.text === text), {
      what: text,
    });
  }
  await say(friend, owner, 'welcome back');
  await waitFor(async () => (await api.messages(imported.sessionId)).some(({ text }) => text === 'welcome back'), {
    what: 'the answer',
  });
  // No other device was linked. Whether one is connected was true or not when the folder was copied.
  const linked = (list: readonly PhoneDevice[]) => list.map(({ id, jid, pairedAt }) => ({ id, jid, pairedAt }));
  expect(linked(await system().sandbox.devices(owner.number))).toEqual(linked(devices));
}

const say = (from: Phone, to: Phone, text: string) => system().sandbox.sendText(from.number, to.number, text);

test("a folder of Baileys' useMultiFileAuthState", async () => {
  const made = await makeFolder();
  const devices = await system().sandbox.devices(made.owner.number);
  // What came while nobody was connected is there, too.
  await say(made.friend, made.owner, 'are you there?');
  const line = [
    'import',
    'baileys',
    made.folder,
    '--owner',
    tenant.email,
    '--session',
    'from-baileys',
    '--network',
    'sandbox',
  ];
  const { sessions } = await wagJson<Imported>(line, env);
  expect(sessions).toMatchObject([{ sessionId: 'from-baileys', phoneNumber: made.owner.number, ignored: [] }]);
  await expectWorks(sessions[0]!, made, devices);
  const api = system().gateway.as(sessions[0]!.apiKey);
  await waitFor(async () => (await api.messages('from-baileys')).some(({ text }) => text === 'are you there?'), {
    what: 'what came meanwhile',
  });

  const again = await wag(line, env);
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('has a session from-baileys already')]);
});

test('instances of Evolution API 2: credentials of its tables, keys of its files (MR-199)', async () => {
  const made = await makeFolder();
  const devices = await system().sandbox.devices(made.owner.number);
  const { pool, databaseUrl } = system().services;
  const id = '0c7ff3c3-5a5f-4b9e-8d1e-0f1a7e3f2b11';
  await pool.query(EVOLUTION_TABLES);
  const creds = await readFile(join(made.folder, 'creds.json'), 'utf8');
  await pool.query(
    'INSERT INTO evolution_api."Instance" (id, name, integration, number) VALUES ($1, $2, $3, $4), ($5, $6, $7, NULL)',
    [
      id,
      'Sales & Support',
      'WHATSAPP-BAILEYS',
      made.owner.number,
      'd3f8f7c0-6c2c-4e2b-9f57-3c1f6c1c9b22',
      'Cloud',
      'WHATSAPP-BUSINESS',
    ],
  );
  await pool.query('INSERT INTO evolution_api."Session" (id, "sessionId", creds) VALUES ($1, $2, $3)', [
    's1',
    id,
    JSON.stringify(creds),
  ]);
  const instances = await mkdtemp(join(tmpdir(), 'wa-gate-evolution-'));
  folders.push(instances);
  await cp(made.folder, join(instances, id), { recursive: true });
  await rm(join(instances, id, 'creds.json'));

  const url = new URL(databaseUrl);
  url.searchParams.set('schema', 'evolution_api');
  const place = ['--owner', tenant.email, '--network', 'sandbox'];
  const line = ['import', 'evolution', '--database', url.href, '--instances', instances, ...place];
  const { sessions, leftOut } = await wagJson<Imported>(line, env);
  expect(leftOut).toEqual([{ name: 'Cloud', reason: 'its integration is WHATSAPP-BUSINESS' }]);
  expect(sessions).toMatchObject([{ sessionId: 'Sales-Support', phoneNumber: made.owner.number, ignored: [] }]);
  expect(sessions[0]!.keys).toBe((await readdir(made.folder)).length);
  await expectWorks(sessions[0]!, made, devices);
  await pool.query('DROP SCHEMA evolution_api CASCADE');
});

describe('of MySQL', () => {
  let server: MariadbServer;
  let source: Connection;
  let auth: string;
  const credentials = JSON.stringify(unusedCredentials());

  beforeAll(async () => {
    server = await startMariadb('former');
    source = await createConnection({ uri: server.url, multipleStatements: true });
    auth = await mkdtemp(join(tmpdir(), 'wa-gate-v1-auth-'));
    folders.push(auth);
    await writeFile(join(auth, 'creds.json'), credentials);
  });
  afterAll(async () => {
    await source?.end();
    await server?.stop();
  });

  test('instances of Evolution API 2 (MR-199)', async () => {
    await source.query(EVOLUTION_TABLES_OF_MYSQL);
    const instance = 'INSERT INTO Instance (id, name, integration) VALUES (?, ?, ?)';
    await source.query(instance, ['i1', 'Shop', 'WHATSAPP-BAILEYS']);
    await source.query(instance, ['i2', 'Cloud', 'WHATSAPP-BUSINESS']);
    const session = 'INSERT INTO Session (id, sessionId, creds) VALUES (?, ?, ?)';
    await source.query(session, ['s1', 'i1', JSON.stringify(credentials)]);
    const line = ['import', 'evolution', '--database', server.url, '--owner', tenant.email];
    const { sessions, leftOut } = await wagJson<Imported>(line, env);
    expect(sessions).toMatchObject([{ sessionId: 'Shop', phoneNumber: '15550001111', keys: 1 }]);
    expect(leftOut).toEqual([{ name: 'Cloud', reason: 'its integration is WHATSAPP-BUSINESS' }]);
    system().secrets.add(sessions[0]!.apiKey);

    const absent = await wag([...line.slice(0, 3), `${server.url}_not`, ...line.slice(4)], env);
    expect([absent.code, absent.err]).toEqual([1, expect.stringContaining('The database former_not at')]);
  });

  test('users with roles, contacts, the session and its webhook of WA-Gate v1 (MR-199)', async () => {
    await source.query(V1_TABLES);
    const owner = uniqueName('chief').toLowerCase();
    const email = `${owner}@example.test`;
    const hash = '$2b$10$C6UzMDM.H6dfI/f/IKxGhuM3zYV9x1h7Q1dXxkT6r9lC2vQ5p3b5e';
    const user = 'INSERT INTO users (username, email, password, role, isActive) VALUES (?, ?, ?, ?, ?)';
    await source.query(user, ['chief', email, hash, 'ADMIN', 1]);
    await source.query(user, ['desk', `desk-${email}`, hash, 'OPERATOR', 1]);
    await source.query(user, ['gone', `gone-${email}`, hash, 'USER', 0]);
    await source.query(user, ['nameless', null, hash, 'USER', 1]);
    await source.query('INSERT INTO contacts (name, phone) VALUES (?, ?), (?, ?)', [
      'Budi',
      '+62 812-3456-789',
      'Local',
      '0812',
    ]);
    await source.query('INSERT INTO webhooks (url, secret, events, isActive) VALUES (?, ?, ?, 1), (?, ?, ?, 1)', [
      'https://example.com/laravel',
      'a secret of sixteen',
      JSON.stringify(['message.received', 'connection.open', 'connection.close']),
      'https://example.com/second',
      'a secret of sixteen',
      null,
    ]);

    const line = ['import', 'wa-gate-1', '--database', server.url, '--auth', auth, '--owner'];
    const nobody = await wag([...line, 'nobody@example.test'], env);
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('There is no user nobody@example.test')]);
    const report = await wagJson<Imported & { users: object; contacts: number }>([...line, email], env);
    expect(report).toMatchObject({
      users: { imported: 3, known: 0 },
      contacts: 1,
      sessions: [{ sessionId: 'main', phoneNumber: '15550001111' }],
      leftOut: [
        { name: 'nameless', reason: expect.stringContaining('no e-mail address') },
        { name: 'Local', reason: '0812 is no number with a country code' },
        { name: 'https://example.com/second', reason: expect.stringContaining('has one webhook') },
      ],
    });
    const { apiKey } = report.sessions[0]!;
    system().secrets.add(apiKey);
    const { rows } = await system().services.pool.query(
      `SELECT u.email, u.password_hash = $2 AS "hasPassword", u.role, u.is_active AS "isActive", m.role AS "memberRole"
       FROM sessions s JOIN workspace_members m ON m.workspace_id = s.workspace_id JOIN users u ON u.id = m.user_id
       WHERE s.slug = 'main' AND u.email LIKE '%' || $1 ORDER BY u.email`,
      [email, hash],
    );
    const same = { hasPassword: true, role: 'USER' };
    expect(rows).toEqual([
      { ...same, email, isActive: true, memberRole: 'OWNER' },
      { ...same, email: `desk-${email}`, isActive: true, memberRole: 'OPERATOR' },
      { ...same, email: `gone-${email}`, isActive: false, memberRole: 'VIEWER' },
    ]);
    const api = system().gateway.as(apiKey);
    const { webhook } = await api.data<{ webhook: object }>('/api/sessions/main/webhook');
    expect(webhook).toMatchObject({
      url: 'https://example.com/laravel',
      events: ['message.received', 'session.status'],
    });
    const { rows: contacts } = await system().services.pool.query(
      `SELECT c.name, c.phone_number AS number FROM contacts c JOIN sessions s ON s.workspace_id = c.workspace_id WHERE s.slug = 'main'`,
    );
    expect(contacts).toEqual([{ name: 'Budi', number: expect.stringContaining('628123456789') }]);
  });
});

describe('a bundle of one session', () => {
  test('moves it to another account: it runs there, and not here any more', async () => {
    const session = await pairSession(system(), tenant, { sessionId: uniqueName('moving') });
    const friend = await system().sandbox.createPhone({ name: 'Friend' });
    await session.api.send(session.sessionId, { to: friend.number, type: 'text', message: 'before' }, { wait: 'sent' });
    const devices = await system().sandbox.devices(session.phone.number);
    const folder = await mkdtemp(join(tmpdir(), 'wa-gate-bundle-'));
    folders.push(folder);
    const file = join(folder, 'session.json');
    const passphrase = 'a long passphrase for the bundle';
    system().secrets.add(passphrase);

    await wagJson(['export', session.sessionId, file], env, `${passphrase}\n`);
    await waitFor(async () => (await tenant.api.getSession(session.sessionId)).state === 'stopped', {
      what: 'the session to be stopped',
    });

    const other = await registerTenant(system());
    const line = ['import', 'session', file, '--owner', other.email, '--session', 'arrived'];
    const wrong = await wag(line, env, 'another passphrase\n');
    expect([wrong.code, wrong.err]).toEqual([
      1,
      expect.stringContaining('The passphrase is not the one of this bundle'),
    ]);
    const { sessions } = await wagJson<Imported>(line, env, `${passphrase}\n`);
    const group = (
      await system().sandbox.createGroup({ owner: friend.number, subject: 'New', participants: [session.phone.number] })
    ).id;
    await expectWorks(sessions[0]!, { owner: session.phone, friend, group }, devices);
    expect((await tenant.api.getSession(session.sessionId)).status).toBe('disconnected');
  });
});

/** As Baileys writes them; no key of them is used. */
function unusedCredentials(): object {
  const bytes = (count: number) => ({ type: 'Buffer', data: randomBytes(count).toString('base64') });
  const pair = () => ({ private: bytes(32), public: bytes(32) });
  return {
    noiseKey: pair(),
    signedIdentityKey: pair(),
    signedPreKey: { keyPair: pair(), signature: bytes(64), keyId: 1 },
    registrationId: 77,
    advSecretKey: randomBytes(32).toString('base64'),
    me: { id: '15550001111:7@s.whatsapp.net', lid: '9988:7@lid', name: 'Ann' },
    account: { details: 'AQID', accountSignatureKey: 'BAUG', accountSignature: 'BwgJ', deviceSignature: 'CgsM' },
  };
}

/** As the migrations of Evolution API 2 for MySQL make them, without the columns that nothing here reads. */
const EVOLUTION_TABLES_OF_MYSQL = `
  CREATE TABLE Instance (id VARCHAR(191) NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, ownerJid VARCHAR(100) NULL,
    integration VARCHAR(100) NULL, number VARCHAR(100) NULL, token VARCHAR(255) NULL) DEFAULT CHARACTER SET utf8mb4;
  CREATE TABLE Session (id VARCHAR(191) NOT NULL PRIMARY KEY, sessionId VARCHAR(191) NOT NULL UNIQUE, creds TEXT NULL,
    createdAt TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) DEFAULT CHARACTER SET utf8mb4;`;

/** The tables of WA-Gate v1 as Sequelize makes them of its models, without the columns that nothing here reads. */
const V1_TABLES = `
  CREATE TABLE users (id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY, username VARCHAR(255), email VARCHAR(255), password VARCHAR(255) NOT NULL,
    role ENUM('ADMIN', 'OPERATOR', 'USER') NOT NULL DEFAULT 'USER', isActive TINYINT(1) NOT NULL DEFAULT 1);
  CREATE TABLE contacts (id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255), phone VARCHAR(255) NOT NULL);
  CREATE TABLE webhooks (id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY, url VARCHAR(255) NOT NULL, secret VARCHAR(255), events JSON,
    isActive TINYINT(1) NOT NULL DEFAULT 1);`;

/** As the migrations of Evolution API 2 make them, without the columns that nothing here reads. */
const EVOLUTION_TABLES = `CREATE SCHEMA evolution_api;
  CREATE TABLE evolution_api."Instance" (id text PRIMARY KEY, name varchar(255) NOT NULL, "ownerJid" varchar(100), integration varchar(100), number varchar(100), token varchar(255));
  CREATE TABLE evolution_api."Session" (id text PRIMARY KEY, "sessionId" text NOT NULL UNIQUE, creds text, "createdAt" timestamp NOT NULL DEFAULT now());`;

expectSoundSystem(system);
