import { parseArgs } from 'node:util';
import type { Pool } from '@wa-gate/db';
import { createAdministrator, type MadeAdministrator } from '../modules/auth/index.ts';
import { describeReencryption, reencrypt } from './secrets/reencrypt.ts';

export const HELP = `Usage: wag <command>

Commands
  admin create --email <address> [--password-stdin]
      Makes an administrator, or one of the user with this address. A password is generated and shown once, or
      read from standard input; the password of a user who is there stays unless one is given.
  secrets reencrypt
      Seals everything that is stored under the first key of WAG_MASTER_KEY, while everything runs. Afterwards the
      other keys can be removed. To rotate: put the new key in front (new,old) everywhere, restart, run this.

Environment
  DATABASE_URL, WAG_MASTER_KEY   as for the gateway (npm run wag takes them from the data folder)
`;

/** The command line is not understood. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export interface CommandContext {
  pool: Pool;
  masterKeys: readonly Uint8Array[];
  /** The first line of standard input. */
  readLine: () => Promise<string>;
  say: (text: string) => void;
}

/** Does its work; the result is the exit code. */
export type Command = (context: CommandContext) => Promise<number>;

const reencryptCommand: Command = async ({ pool, masterKeys, say }) => {
  const report = await reencrypt(pool, masterKeys);
  say(describeReencryption(report, masterKeys.length));
  return report.left === 0 ? 0 : 1;
};

const createAdminCommand =
  (email: string, isPasswordGiven: boolean): Command =>
  async ({ pool, readLine, say }) => {
    const password = isPasswordGiven ? await readLine() : undefined;
    say(describeAdministrator(await createAdministrator(pool, { email, password })));
    return 0;
  };

function describeAdministrator(made: MadeAdministrator): string {
  if (made.kind === 'promoted') {
    return `${made.email} is an administrator now. The password ${made.isPasswordChanged ? 'was changed, and all logins were ended' : 'is as it was'}.`;
  }
  return made.password === null
    ? `The administrator ${made.email} was made.`
    : `The administrator ${made.email} was made. The password, shown this once: ${made.password}`;
}

/**
 * What a command line asks for; `null` for the help.
 *
 * @throws {UsageError}
 */
export function parseCommand(argv: readonly string[]): Command | null {
  const { positionals, values } = parse(argv);
  const name = positionals.join(' ');
  if (values.help || name === '' || name === 'help') return null;
  if (name === 'secrets reencrypt') return reencryptCommand;
  if (name !== 'admin create') throw new UsageError(`There is no command \`${name}\`.`);
  if (!values.email) throw new UsageError('`admin create` needs --email <address>.');
  return createAdminCommand(values.email, values['password-stdin'] ?? false);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        email: { type: 'string' },
        'password-stdin': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
