import { EVENT_TYPES } from '@wa-gate/contracts';
import { inTransaction, type Pool } from '@wa-gate/db';
import { type ContactFact, learnContacts } from '@wa-gate/messaging';
import { createAccount, normaliseEmail } from '../../modules/auth/index.ts';
import { CommandError } from '../errors.ts';
import { readBaileysFolder } from './baileys-folder.ts';
import { type ForeignDatabase, ForeignTablesMissingError, openForeignDatabase } from './foreign-database.ts';
import { findHome, fromDevice, type Home, type ImportedSession, importSession } from './import-session.ts';
import { insertWebhook } from './insert-webhook.ts';

export interface WaGateV1Source {
  pool: Pool;
  masterKeys: readonly Uint8Array[];
  /** The MySQL of WA-Gate v1. */
  databaseUrl: string;
  /** Its folder `auth/`. Absent: there is no session to link, and no webhook. */
  auth?: string | undefined;
  /** The user whose workspace gets all of it; one that is imported will do. */
  owner: string;
  /** The id of its one session. */
  slug: string;
  network: 'LIVE' | 'SANDBOX';
}

export interface WaGateV1Report {
  users: { imported: number; known: number };
  /** Contacts with a name. */
  contacts: number;
  sessions: ImportedSession[];
  leftOut: { name: string; reason: string }[];
}

/** A row whose columns are named in camel case or with underscores: Sequelize does either. */
type Row = Record<string, unknown>;

const ROLES: Readonly<Record<string, 'OWNER' | 'OPERATOR' | 'VIEWER'>> = {
  admin: 'OWNER',
  operator: 'OPERATOR',
  user: 'VIEWER',
};

/** Its events that have another name here; the others have the same one. */
const EVENTS: Readonly<Record<string, string>> = {
  'connection.open': 'session.status',
  'connection.close': 'session.status',
};

/** Facts in one transaction. */
const PAGE = 500;

/**
 * Imports from the tables `users`, `contacts` and `webhooks` of WA-Gate v1, and the device of its folder. It had one
 * account for everybody: all of them become members of one workspace, with their passwords and roles. Users that are
 * there already, by their address, keep their password. API keys are made anew, messages stay where they are.
 *
 * @throws {CommandError}
 */
export async function importWaGateV1(source: WaGateV1Source): Promise<WaGateV1Report> {
  const { pool, masterKeys, databaseUrl, auth, owner, slug, network } = source;
  // What is wrong is said before anything is written.
  const device = auth === undefined ? null : await readBaileysFolder(auth);
  const { users, contacts, webhooks } = await readTables(databaseUrl);
  const report: WaGateV1Report = { users: { imported: 0, known: 0 }, contacts: 0, sessions: [], leftOut: [] };
  const leaveOut = (name: string, reason: string) => void report.leftOut.push({ name, reason });

  const members = users.flatMap((row) => memberOf(row, leaveOut));
  if (!members.some(({ email }) => email === normaliseEmail(owner))) await findHome(pool, owner);
  for (const member of members) report.users[await importUser(pool, member)] += 1;
  const home = await findHome(pool, owner);
  for (const member of members) await join(pool, home, member);
  report.contacts = await importContacts(pool, home, contacts, leaveOut);
  if (device) {
    const made = await importSession(pool, masterKeys, home, fromDevice(device, { slug, name: slug, network }));
    report.sessions.push({ ...made, ignored: device.ignored });
    const hooks = webhooks.flatMap((row) => webhookOf(row, leaveOut));
    for (const [n, hook] of hooks.entries()) {
      if (n === 0) await insertWebhook(pool, masterKeys, made.id, hook);
      else leaveOut(hook.url, 'a session has one webhook; add an endpoint for it: POST /api/webhooks');
    }
  }
  return report;
}

async function readTables(url: string): Promise<Record<'users' | 'contacts' | 'webhooks', Row[]>> {
  const source = await openForeignDatabase(url);
  try {
    return {
      users: await source.rows<Row>(`SELECT * FROM ${source.table('users')} ORDER BY id`),
      contacts: await readOptional(source, 'contacts'),
      webhooks: await readOptional(source, 'webhooks'),
    };
  } catch (cause) {
    if (!(cause instanceof ForeignTablesMissingError)) throw cause;
    throw new CommandError(`That database has not the tables of WA-Gate v1 (${cause.message}).`, { cause });
  } finally {
    await source.end();
  }
}

async function readOptional(source: ForeignDatabase, name: string): Promise<Row[]> {
  try {
    return await source.rows<Row>(`SELECT * FROM ${source.table(name)} ORDER BY id`);
  } catch (error) {
    if (error instanceof ForeignTablesMissingError) return [];
    throw error;
  }
}

/** The first of these columns that says something. */
function textOf(row: Row, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = row[name];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  }
  return undefined;
}

/** MySQL has no booleans: TINYINT(1). */
function isOn(row: Row, ...names: string[]): boolean {
  const found = names.map((name) => row[name]).find((value) => value !== undefined && value !== null);
  return found === undefined || (found !== 0 && found !== false && found !== '0');
}

type LeaveOut = (name: string, reason: string) => void;

interface Member {
  email: string;
  name: string;
  passwordHash: string;
  role: 'OWNER' | 'OPERATOR' | 'VIEWER';
  isActive: boolean;
}

function memberOf(row: Row, leaveOut: LeaveOut): Member[] {
  const name = textOf(row, 'name', 'full_name', 'fullName', 'username') ?? '';
  const email = textOf(row, 'email', 'username');
  const passwordHash = textOf(row, 'password_hash', 'passwordHash', 'password');
  if (!email?.includes('@')) {
    leaveOut(name || `user ${String(row.id)}`, 'it has no e-mail address, with which users log in here');
    return [];
  }
  if (!passwordHash || !/^\$2[aby]\$/.test(passwordHash)) {
    leaveOut(email, 'its password is no bcrypt hash: invite it into the workspace');
    return [];
  }
  const role = ROLES[(textOf(row, 'role') ?? 'user').toLowerCase()] ?? 'VIEWER';
  return [
    {
      email: normaliseEmail(email),
      name: name || email,
      passwordHash,
      role,
      isActive: isOn(row, 'is_active', 'isActive'),
    },
  ];
}

async function importUser(pool: Pool, member: Member): Promise<'imported' | 'known'> {
  const { email, name, passwordHash, isActive } = member;
  return inTransaction(pool, async (tx) => {
    const { rowCount } = await tx.query('SELECT 1 FROM users WHERE email = $1', [email]);
    if (rowCount) return 'known';
    // The administrators of that program had one account of WhatsApp; nobody of them runs this installation by that.
    const made = await createAccount(tx, { email, name, passwordHash, role: 'USER', tier: 'BASIC' });
    if (!isActive) await tx.query('UPDATE users SET is_active = false WHERE id = $1', [made.user.id]);
    return 'imported';
  });
}

/** Whoever is a member already keeps its role. */
async function join(pool: Pool, { workspaceId }: Home, { email, role }: Member): Promise<void> {
  await pool.query(
    `INSERT INTO workspace_members (workspace_id, user_id, role) SELECT $1, id, $3::"WorkspaceRole" FROM users WHERE email = $2
     ON CONFLICT DO NOTHING`,
    [workspaceId, email, role],
  );
}

async function importContacts(pool: Pool, home: Home, rows: readonly Row[], leaveOut: LeaveOut): Promise<number> {
  const facts = rows.flatMap((row): ContactFact[] => {
    const name = textOf(row, 'name', 'full_name', 'fullName', 'push_name', 'pushName');
    const phone = textOf(row, 'phone', 'phone_number', 'phoneNumber', 'number', 'jid') ?? '';
    const digits = phone.replace(/@.*$/, '').replaceAll(/[\s()+.-]/g, '');
    if (!name) return [];
    if (!/^[1-9]\d{6,14}$/.test(digits)) {
      leaveOut(name, `${phone || 'nothing'} is no number with a country code`);
      return [];
    }
    const { workspaceId } = home;
    return [{ workspaceId, jid: `${digits}@s.whatsapp.net`, names: { saved: name }, at: new Date() }];
  });
  for (let from = 0; from < facts.length; from += PAGE) await learnContacts(pool, facts.slice(from, from + PAGE));
  return facts.length;
}

function webhookOf(row: Row, leaveOut: LeaveOut) {
  const url = textOf(row, 'url', 'webhook_url', 'webhookUrl');
  const secret = textOf(row, 'secret', 'webhook_secret', 'webhookSecret');
  if (!url) return [];
  if (!secret) {
    leaveOut(url, 'it has no secret, so nobody could verify its events: set it anew');
    return [];
  }
  const names = eventNames(row.events).map((name) => EVENTS[name] ?? name);
  const events = [...new Set(names)].filter((name) => (EVENT_TYPES as readonly string[]).includes(name));
  return [{ url, secret, events, isActive: isOn(row, 'is_active', 'isActive', 'active', 'enabled') }];
}

/** A column of JSON, its text, or names with commas between them. */
function eventNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((name) => typeof name === 'string');
  if (typeof value !== 'string') return [];
  const text = value.trim();
  if (!text.startsWith('[')) return text.split(',').map((name) => name.trim());
  try {
    return eventNames(JSON.parse(text));
  } catch {
    return [];
  }
}
