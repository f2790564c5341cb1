import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createPool, inTransaction, type Pool } from '@wa-gate/db';
import { createAccount, normaliseEmail } from '../../modules/auth/index.ts';
import { CommandError } from '../errors.ts';
import { readBaileysFolder } from './baileys-folder.ts';
import { findHome, fromDevice, type ImportedSession, importSession } from './import-session.ts';
import { insertWebhook } from './insert-webhook.ts';

export interface WaGateSource {
  pool: Pool;
  masterKeys: readonly Uint8Array[];
  /** The PostgreSQL of WA-Gate v2. */
  databaseUrl: string;
  /** One folder of Baileys for each session, by its id. */
  auth?: string | undefined;
  network: 'LIVE' | 'SANDBOX';
}

export interface WaGateReport {
  users: { imported: number; known: number };
  sessions: ImportedSession[];
  leftOut: { name: string; reason: string }[];
}

interface User {
  id: string;
  email: string;
  name: string;
  passwordHash: string;
  role: 'USER' | 'ADMINISTRATOR';
  tier: 'BASIC' | 'PRO' | 'MAX';
  isActive: boolean;
}

interface Session {
  id: string;
  userId: string;
  name: string;
  webhookUrl: string | null;
  webhookEvents: string[] | null;
  webhookSecret: string | null;
  isWebhookActive: boolean | null;
}

const USERS = `SELECT id, email, name, password_hash AS "passwordHash", role::text, tier::text, is_active AS "isActive" FROM users ORDER BY created_at`;
const SESSIONS = `SELECT s.id, s.user_id AS "userId", s.name, w.url AS "webhookUrl", w.events AS "webhookEvents", w.secret AS "webhookSecret",
    w.is_active AS "isWebhookActive"
  FROM sessions s LEFT JOIN webhooks w ON w.session_id = s.id ORDER BY s.created_at`;

/**
 * Imports users with their passwords, their linked sessions and the webhooks of these from the tables of WA-Gate v2.
 * Users that are there already, by their address, stay as they are. API keys are made anew, because theirs were
 * stored in clear; messages stay where they are.
 *
 * @throws {CommandError}
 */
export async function importWaGate({
  pool,
  masterKeys,
  databaseUrl,
  auth,
  network,
}: WaGateSource): Promise<WaGateReport> {
  const { users, sessions } = await readSource(databaseUrl);
  const report: WaGateReport = { users: { imported: 0, known: 0 }, sessions: [], leftOut: [] };
  const emails = new Map<string, string>();
  for (const user of users) {
    emails.set(user.id, user.email);
    report.users[await importUser(pool, user)] += 1;
  }
  for (const session of sessions) {
    const leaveOut = (reason: string) => report.leftOut.push({ name: session.id, reason });
    const folder = auth && join(auth, session.id);
    if (!folder || !existsSync(folder)) {
      leaveOut(folder ? `there is no ${folder}` : 'without --auth no session can be linked');
      continue;
    }
    try {
      const home = await findHome(pool, emails.get(session.userId) ?? '');
      const device = await readBaileysFolder(folder);
      const made = await importSession(
        pool,
        masterKeys,
        home,
        fromDevice(device, { slug: session.id, name: session.name, network }),
      );
      const { webhookUrl: url, webhookEvents, webhookSecret: secret, isWebhookActive } = session;
      // A webhook without a secret could not be verified: its owner makes a new one.
      if (url && secret) {
        const hook = { url, secret, events: webhookEvents ?? [], isActive: isWebhookActive ?? true };
        await insertWebhook(pool, masterKeys, made.id, hook);
      }
      report.sessions.push({ ...made, ignored: device.ignored });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      leaveOut(error.message);
    }
  }
  return report;
}

async function readSource(url: string): Promise<{ users: User[]; sessions: Session[] }> {
  if (!URL.canParse(url)) throw new CommandError('--database is not a URL of PostgreSQL.');
  const source = createPool({ url, name: 'wag-cli', max: 1 });
  try {
    return { users: (await source.query<User>(USERS)).rows, sessions: (await source.query<Session>(SESSIONS)).rows };
  } catch (cause) {
    const { code = '', message } = cause as { code?: string; message: string };
    if (!['42P01', '42703'].includes(code)) throw cause;
    throw new CommandError(`That database has not the tables of WA-Gate v2 (${message}).`, { cause });
  } finally {
    await source.end();
  }
}

async function importUser(pool: Pool, { isActive, ...user }: User): Promise<'imported' | 'known'> {
  const email = normaliseEmail(user.email);
  return inTransaction(pool, async (tx) => {
    const { rowCount } = await tx.query('SELECT 1 FROM users WHERE email = $1', [email]);
    if (rowCount) return 'known';
    const { name, passwordHash, role, tier } = user;
    const made = await createAccount(tx, { email, name, passwordHash, role, tier });
    if (!isActive) await tx.query('UPDATE users SET is_active = false WHERE id = $1', [made.user.id]);
    return 'imported';
  });
}
