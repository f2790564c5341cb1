import { mkdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownCheckout } from '../harness/checkout.ts';
import { pairSession, registerTenant } from '../harness/pair-session.ts';
import { repositoryFile } from '../harness/repository.ts';
import { prepareServices } from '../harness/services.ts';
import { type System, startSystem } from '../harness/system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { makeBaileysFolder } from './baileys-folder.ts';
import { type CompletePostgres, startCompletePostgres } from './complete-postgres.ts';
import { operatorEnvironment, wag } from './wag.ts';

/** The lines of the blocks of a page that a shell would run, in their order. */
async function commandsOf(page: string): Promise<string[]> {
  const text = await readFile(repositoryFile(page), 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.split('\n').filter(Boolean));
}

/** Words of a line as a shell splits them, and the variables before its command. */
function parseLine(line: string): { env: Record<string, string>; words: string[] } {
  const words = [...line.matchAll(/((?:[^\s"]|"[^"]*")+)/g)].map(([word]) => word.replaceAll('"', ''));
  const start = words.indexOf('wag');
  const env = Object.fromEntries(words.slice(0, start).map((word) => word.split('=', 2) as [string, string]));
  return { env, words: words.slice(start + 1) };
}

let postgres: CompletePostgres;
let system: System;
let environment: Record<string, string>;
/** What stands in the pages for something of this run. */
const names = new Map<string, string>();

beforeAll(async () => {
  postgres = await startCompletePostgres();
  const services = await prepareServices(
    { databaseUrl: postgres.url, redisUrl: process.env.TEST_REDIS_URL! },
    ownCheckout,
  );
  system = await startSystem({ services, workers: 2 });
  environment = { ...operatorEnvironment(system), ...postgres.env, PG_BIN: postgres.bin };
  const tenant = await registerTenant(system);
  await services.pool.query(`UPDATE users SET tier = 'MAX' WHERE email = $1`, [tenant.email]);
  await pairSession(system, tenant, { sessionId: 'customer-1' });
  const transfer = postgres.folder('transfer');
  await mkdir(transfer);
  names
    .set('worker-2', system.process('worker-2').spec.env.WORKER_ID!)
    .set('owner@example.com', tenant.email)
    .set('/transfer/baileys', (await makeBaileysFolder(system)).folder)
    .set('/transfer', transfer)
    .set('/backups', postgres.folder('backups'))
    .set('/archive', postgres.archive)
    .set('/var/lib/postgresql/restored', postgres.folder('restored'));
});
afterAll(async () => {
  await system?.stop().catch(() => undefined);
  await postgres?.stop();
});

function inThisRun(line: string): string {
  let text = line;
  for (const [name, value] of names) text = text.replaceAll(name, value);
  return text;
}

const appProcesses = () => [...system.gateways, ...system.workers];

/** What the pages say in words between their commands. */
const STEPS: Record<string, () => Promise<unknown>> = {
  '# stop every process of wa-gate': () => Promise.all([...appProcesses()].reverse().map((process) => process.stop())),
  '# start wa-gate': () => Promise.all(appProcesses().map((process) => process.start())),
  '# start PostgreSQL on /var/lib/postgresql/restored': async () => {
    await postgres.destroy();
    await postgres.beginOn(postgres.folder('restored'));
  },
};

async function execute(line: string): Promise<void> {
  if (line.startsWith('#')) {
    expect(Object.keys(STEPS)).toContain(line);
    await STEPS[line]!();
    return;
  }
  const { env, words } = parseLine(inThisRun(line));
  const { code, out, err } = await wag(words, { ...environment, ...env });
  // A machine of tests has warnings for a doctor; problems it must not have.
  expect({ line, code, err: code === 0 ? '' : `${err}${out}` }).toEqual({ line, code: 0, err: '' });
  if (words.includes('--json')) expect(() => JSON.parse(out)).not.toThrow();
}

describe.each(['docs/wag.md', 'docs/backup.md'])('every command of %s runs as it stands (MR-183, MR-199)', (page) => {
  test('in the order of the page, and the sessions are connected afterwards', async () => {
    const commands = await commandsOf(page);
    expect(commands.length).toBeGreaterThan(8);
    for (const command of commands) await execute(command);
    const { pool } = system.services;
    await waitFor(
      async () => {
        const sql = `SELECT 1 FROM sessions WHERE desired_state = 'RUNNING' AND state <> 'CONNECTED'`;
        return (await pool.query(sql)).rowCount === 0;
      },
      { what: 'all sessions to be connected' },
    );
    expect((await system.sandbox.misdeeds()).keysReused).toBe(0);
  });
});

test('the pages leave nothing to guess: each command has its help', async () => {
  const commands = new Set(
    (await Promise.all(['docs/wag.md', 'docs/backup.md'].map(commandsOf)))
      .flat()
      .flatMap((line) => /\bwag (\w[\w-]*(?: (?:create|session|baileys|reencrypt))?)/.exec(line)?.[1] ?? []),
  );
  for (const command of commands) {
    const { code, out } = await wag([...command.split(' '), '--help'], {});
    expect([command, code, out]).toEqual([command, 0, expect.stringContaining('Usage: wag')]);
  }
});
