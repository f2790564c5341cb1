import { readFile, writeFile } from 'node:fs/promises';
import { NETWORKS } from '@wa-gate/contracts';
import { assertMasterKey } from '@wa-gate/db';
import { type Command, Option } from 'commander';
import type { CommandContext, Register } from '../command-context.ts';
import { CommandError, UsageError } from '../errors.ts';
import { fields, table } from '../output.ts';
import { readBaileysApi } from '../transfer/baileys-api.ts';
import { readBaileysFolder } from '../transfer/baileys-folder.ts';
import type { Device } from '../transfer/device.ts';
import { readEvolution } from '../transfer/evolution.ts';
import { exportSession } from '../transfer/export-session.ts';
import { findHome, fromBundle, fromDevice, type ImportedSession, importSession } from '../transfer/import-session.ts';
import { openBundle, sealBundle } from '../transfer/session-bundle.ts';
import { importWaGateV1 } from '../transfer/wa-gate-v1.ts';
import { importWaGate } from '../transfer/wa-gate-v2.ts';
import { type JsonOption, jsonOption, present } from './json-option.ts';

interface PlaceOptions extends JsonOption {
  owner: string;
  workspace?: string;
  network: string;
}

interface OneOptions extends PlaceOptions {
  session?: string;
}

interface EvolutionOptions extends PlaceOptions {
  database: string;
  instances?: string;
  redis?: string;
  only?: string[];
}

interface BaileysApiOptions extends PlaceOptions {
  redis: string;
  only?: string[];
}

interface WaGateV1Options extends JsonOption {
  database: string;
  auth?: string;
  owner: string;
  session: string;
  network: string;
}

interface WaGateOptions extends JsonOption {
  database: string;
  auth?: string;
  network: string;
}

const PASSPHRASE = 'WAG_PASSPHRASE, else the first line of standard input, seals it';
const AT_ONE_PLACE = 'Its former place must not run it any more: WhatsApp would end one connection after the other.';

export const transferCommands: Register = (program, run) => {
  program
    .command('export <session> <file>')
    .description(`stop a session and write it with its keys into a sealed bundle; ${PASSPHRASE}`)
    .addOption(jsonOption())
    .action((session: string, file: string, options: JsonOption) =>
      run((context) => exportBundle(context, session, file, options)),
    );
  const from = program.command('import').description('sessions from elsewhere, without a QR code');
  place(from.command('session <file>'))
    .description(`a bundle of \`wag export\`; ${PASSPHRASE}`)
    .option('--session <id>', 'its new id. Default: the one it had')
    .action((file: string, options: OneOptions) => run((context) => importBundle(context, file, options)));
  place(from.command('baileys <folder>'))
    .description("a folder of Baileys' useMultiFileAuthState, which is also what WA-Gate v1 keeps in auth/")
    .requiredOption('--session <id>', 'the id that it gets')
    .action((folder: string, options: OneOptions) => run((context) => importFolder(context, folder, options)));
  place(from.command('evolution'))
    .description('the instances of Evolution API 2')
    .requiredOption('--database <url>', 'its PostgreSQL, with ?schema=, or its MySQL')
    .option('--instances <folder>', 'its folder of key files')
    .option('--redis <url>', 'its Redis, where it keeps the keys when its cache is on')
    .option('--only <names...>', 'only these instances')
    .action((options: EvolutionOptions) => run((context) => importEvolution(context, options)));
  place(from.command('baileys-api'))
    .description("the connections of fazer-ai's baileys-api")
    .requiredOption('--redis <url>', 'its Redis')
    .option('--only <numbers...>', 'only these numbers')
    .action((options: BaileysApiOptions) => run((context) => importBaileysApi(context, options)));
  from
    .command('wa-gate')
    .description('users, sessions and webhooks of WA-Gate v2 (the PostgreSQL of its brief)')
    .requiredOption('--database <url>', 'its PostgreSQL')
    .option('--auth <folder>', 'its folder with one folder of Baileys for each session')
    .addOption(networkOption())
    .addOption(jsonOption())
    .action((options: WaGateOptions) => run((context) => importV2(context, options)));
  from
    .command('wa-gate-1')
    .description('users, contacts, the session and its webhook of WA-Gate v1 (MySQL)')
    .requiredOption('--database <url>', 'its MySQL')
    .requiredOption('--owner <address>', 'e-mail of the user whose workspace gets all of it; one of its own will do')
    .option('--auth <folder>', 'its folder auth/')
    .option('--session <id>', 'the id that the session gets', 'main')
    .addOption(networkOption())
    .addOption(jsonOption())
    .action((options: WaGateV1Options) => run((context) => importV1(context, options)));
};

const networkOption = (): Option =>
  new Option('--network <network>', 'of the sessions').choices(NETWORKS).default('live');

const place = (command: Command): Command =>
  command
    .requiredOption('--owner <address>', 'e-mail of the user that gets them')
    .option('--workspace <id>', 'one of the workspaces of that user. Default: the first')
    .addOption(networkOption())
    .addOption(jsonOption());

const networkOf = (network: string) => network.toUpperCase() as 'LIVE' | 'SANDBOX';

async function readPassphrase({ env, readLine }: CommandContext): Promise<string> {
  return env.WAG_PASSPHRASE || (await readLine());
}

/** The database, once its key is known to be the right one: nothing may be sealed under another. */
async function openDatabase(context: CommandContext) {
  const pool = context.database();
  const masterKeys = context.masterKeys();
  await assertMasterKey(pool, masterKeys);
  return { pool, masterKeys };
}

async function exportBundle(
  context: CommandContext,
  session: string,
  file: string,
  options: JsonOption,
): Promise<void> {
  const passphrase = await readPassphrase(context);
  // Before the session is stopped.
  if (passphrase.length === 0)
    throw new UsageError('There is no passphrase: give WAG_PASSPHRASE, or a line on standard input.');
  const { pool, masterKeys } = await openDatabase(context);
  const content = await exportSession(pool, masterKeys, session, async (read) => {
    const text = await sealBundle(read, passphrase);
    await writeFile(file, text, { mode: 0o600, flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
      throw new CommandError(`${file} cannot be written (${cause.code}). The session runs on.`, { cause });
    });
  });
  const { slug, phoneNumber } = content.session;
  present(
    context,
    options,
    { sessionId: slug, phoneNumber, file, keys: content.keys.length },
    () =>
      `${fields([
        ['session', slug],
        ['number', phoneNumber],
        ['keys', content.keys.length],
        ['bundle', file],
      ])}\n\nThe session is stopped here. Do not delete it while the other place uses it: that would unlink the device.`,
  );
}

async function importBundle(context: CommandContext, file: string, options: OneOptions): Promise<void> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`${file} cannot be read (${cause.code}).`, { cause });
  });
  const { pool, masterKeys } = await openDatabase(context);
  const home = await findHome(pool, options.owner, options.workspace);
  const content = await openBundle(text, await readPassphrase(context));
  const imported = await importSession(pool, masterKeys, home, fromBundle(content, options.session));
  presentImported(context, options, [{ ...imported, ignored: [] }]);
}

async function importFolder(context: CommandContext, folder: string, options: OneOptions): Promise<void> {
  const device = await readBaileysFolder(folder);
  const { pool, masterKeys } = await openDatabase(context);
  const home = await findHome(pool, options.owner, options.workspace);
  const slug = options.session!;
  const session = fromDevice(device, { slug, name: slug, network: networkOf(options.network) });
  const imported = await importSession(pool, masterKeys, home, session);
  presentImported(context, options, [{ ...imported, ignored: device.ignored }]);
}

async function importEvolution(context: CommandContext, options: EvolutionOptions): Promise<void> {
  const { database, instances, redis, only } = options;
  await importAll(context, options, await readEvolution({ databaseUrl: database, instances, redisUrl: redis }, only));
}

async function importBaileysApi(context: CommandContext, options: BaileysApiOptions): Promise<void> {
  await importAll(context, options, await readBaileysApi(options.redis, options.only));
}

/** Imports the devices that were found, and names those that are left out. */
async function importAll(
  context: CommandContext,
  options: PlaceOptions,
  found: readonly { name: string; device: Device | null; reason?: string }[],
): Promise<void> {
  const { pool, masterKeys } = await openDatabase(context);
  const home = await findHome(pool, options.owner, options.workspace);
  const imported: ImportedSession[] = [];
  const leftOut: { name: string; reason: string }[] = [];
  for (const { name, device, reason } of found) {
    if (!device) {
      leftOut.push({ name, reason: reason ?? 'it is not linked' });
      continue;
    }
    const session = fromDevice(device, { slug: slugOf(name), name, network: networkOf(options.network) });
    try {
      imported.push({ ...(await importSession(pool, masterKeys, home, session)), ignored: device.ignored });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      leftOut.push({ name, reason: error.message });
    }
  }
  presentImported(context, options, imported, leftOut);
}

async function importV2(context: CommandContext, options: WaGateOptions): Promise<void> {
  const { pool, masterKeys } = await openDatabase(context);
  const report = await importWaGate({
    pool,
    masterKeys,
    databaseUrl: options.database,
    auth: options.auth,
    network: networkOf(options.network),
  });
  present(context, options, report, () =>
    [
      `${report.users.imported} users imported, ${report.users.known} were there already. Their passwords stay.`,
      importedText(report.sessions, report.leftOut),
    ].join('\n'),
  );
}

async function importV1(context: CommandContext, options: WaGateV1Options): Promise<void> {
  const { database: databaseUrl, auth, owner, session: slug, network } = options;
  const { pool, masterKeys } = await openDatabase(context);
  const source = { databaseUrl, auth, owner, slug, network: networkOf(network) };
  const report = await importWaGateV1({ pool, masterKeys, ...source });
  present(context, options, report, () =>
    [
      `${report.users.imported} users imported, ${report.users.known} were there already. Their passwords stay, and they are members of the workspace.`,
      `${report.contacts} contacts imported.`,
      importedText(report.sessions, report.leftOut),
    ].join('\n'),
  );
}

/** Ids of sessions have fewer characters than names of instances, and no `+` of a number. */
const slugOf = (name: string): string => {
  const slug = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return slug || 'session';
};

function presentImported(
  context: CommandContext,
  options: JsonOption,
  imported: readonly ImportedSession[],
  leftOut: readonly { name: string; reason: string }[] = [],
): void {
  present(context, options, { sessions: imported, leftOut }, () => importedText(imported, leftOut));
}

function importedText(
  imported: readonly ImportedSession[],
  leftOut: readonly { name: string; reason: string }[],
): string {
  const parts =
    imported.length === 0
      ? ['No session was imported.']
      : [
          table(
            [
              { title: 'session', value: (session) => session.sessionId },
              { title: 'number', value: (session) => session.phoneNumber },
              { title: 'keys', value: (session) => session.keys, align: 'right' },
              { title: 'api key, shown this once', value: (session) => session.apiKey },
            ],
            imported,
          ),
          '',
          `They connect by themselves, without a QR code. ${AT_ONE_PLACE}`,
        ];
  const ignored = imported.flatMap((session) => session.ignored);
  if (ignored.length > 0) parts.push(`Not understood, and left out: ${ignored.join(', ')}.`);
  for (const { name, reason } of leftOut) parts.push(`Left out: ${name}: ${reason}`);
  return parts.join('\n');
}
