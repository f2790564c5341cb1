import { Command, CommanderError } from 'commander';
import type { Action, Register } from './command-context.ts';
import { adminCommands } from './commands/admin.ts';
import { backupCommands } from './commands/backup.ts';
import { doctorCommand } from './commands/doctor.ts';
import { fleetCommands } from './commands/fleet.ts';
import { keyCommands } from './commands/keys.ts';
import { secretCommands } from './commands/secrets.ts';
import { transferCommands } from './commands/transfer.ts';
import { UsageError } from './errors.ts';

const ENVIRONMENT = `
Commands say first what is wrong when they fail. Exit codes: 0 done; 1 failed, or a problem was found; 2 the command
line is not understood.

Environment
  WAG_API_URL    the gateway (default: this machine, PORT)
  WAG_API_KEY    a key of the scope admin; without one, DATABASE_URL makes one
  DATABASE_URL, WAG_MASTER_KEY, REDIS_URL   as for the gateway, for commands that work on the database
  PG_BIN         folder of pg_dump, pg_restore and pg_basebackup (default: PATH, then /usr/lib/postgresql)
npm run wag takes all of them from the data folder.
`;

const REGISTER: readonly Register[] = [
  fleetCommands,
  keyCommands,
  adminCommands,
  secretCommands,
  doctorCommand,
  backupCommands,
  transferCommands,
];

/**
 * What a command line asks for; `null` when it asked for help, which was shown.
 *
 * @throws {UsageError}
 */
export function parseCommand(argv: readonly string[], say: (text: string) => void): Action | null {
  let action: Action | null = null;
  const program = new Command('wag')
    .description('Operates an installation of wa-gate.')
    .addHelpText('after', ENVIRONMENT)
    .showSuggestionAfterError(false);
  for (const register of REGISTER) {
    register(program, (wanted) => {
      action = wanted;
    });
  }
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({ writeOut: (text) => say(text.trimEnd()), writeErr: () => undefined });
  }
  if (argv.length === 0) {
    say(program.helpInformation().trimEnd() + ENVIRONMENT);
    return null;
  }
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw new UsageError(sentenceOf(error, argv), { cause: error });
  }
  return action;
}

const withSubcommands = (command: Command): Command[] => [command, ...command.commands.flatMap(withSubcommands)];

function sentenceOf({ code, message }: CommanderError, argv: readonly string[]): string {
  const words = argv.filter((word) => !word.startsWith('-')).join(' ');
  if (code === 'commander.help' || code === 'commander.unknownCommand') return `There is no command \`${words}\`.`;
  const text = message.replace(/^error: /, '');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
