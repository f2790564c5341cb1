import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pairSession, registerTenant, type Tenant, uniqueName, waitForStatus } from '../harness/pair-session.ts';
import type { Phone, PhoneDevice } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type BaileysFolder, makeBaileysFolder } from './baileys-folder.ts';
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

/** As the migrations of Evolution API 2 make them, without the columns that nothing here reads. */
const EVOLUTION_TABLES = `CREATE SCHEMA evolution_api;
  CREATE TABLE evolution_api."Instance" (id text PRIMARY KEY, name varchar(255) NOT NULL, "ownerJid" varchar(100), integration varchar(100), number varchar(100), token varchar(255));
  CREATE TABLE evolution_api."Session" (id text PRIMARY KEY, "sessionId" text NOT NULL UNIQUE, creds text, "createdAt" timestamp NOT NULL DEFAULT now());`;

expectSoundSystem(system);
