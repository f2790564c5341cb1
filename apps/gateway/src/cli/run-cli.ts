import { createInterface } from 'node:readline/promises';
import { describeDatabaseFailure } from '@wa-gate/db';
import { ConfigError, MasterKeyError, UnsealError } from '@wa-gate/kit';
import { ApiError } from '../http/api-error.ts';
import type { CliContext } from './command-context.ts';
import { type OpenContext, openContext, settleDatabaseUrls } from './context.ts';
import { CommandError, UsageError } from './errors.ts';
import { parseCommand } from './program.ts';

const FAILED = 1;
const MISUNDERSTOOD = 2;

async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input, terminal: false })) return line;
  return '';
}

/** Why a command failed, for the operator. Unexpected errors are shown with their stack. */
function explain(error: unknown, databaseUrl: string): string {
  if (error instanceof UsageError) return `${error.message} \`wag help\` shows the commands.`;
  const isSentence = [CommandError, ConfigError, MasterKeyError, UnsealError, ApiError].some(
    (type) => error instanceof type,
  );
  if (isSentence) return (error as Error).message;
  const sentence = describeDatabaseFailure(error, databaseUrl);
  return sentence ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}

/** Runs a command line; the result is the exit code. */
export async function runCli(argv: readonly string[], cli: CliContext): Promise<number> {
  let context: OpenContext | undefined;
  try {
    const action = parseCommand(argv, cli.stdout);
    context = openContext({ ...cli, env: await settleDatabaseUrls(cli.env) }, () => firstLine(cli.stdin));
    return (action && (await action(context))) ?? 0;
  } catch (error) {
    cli.stderr(`Error: ${explain(error, cli.env.DATABASE_URL ?? '')}`);
    return error instanceof UsageError ? MISUNDERSTOOD : FAILED;
  } finally {
    await context?.close();
  }
}
