import { createAdministrator, createLoginLink, type MadeAdministrator } from '../../modules/auth/index.ts';
import type { Register } from '../command-context.ts';

export const adminCommands: Register = (program, run) => {
  const admin = program.command('admin').description('administrators');
  admin
    .command('login-link')
    .description('print a token that logs a user into the dashboard, once, within an hour: <address>/open#<token>')
    .requiredOption('--email <address>', 'of the user')
    .action(({ email }: { email: string }) =>
      run(async ({ database, say }) => {
        const { token } = await createLoginLink(database(), email);
        say(token);
      }),
    );
  admin
    .command('create')
    .description(
      'make an administrator, or one of the user with this address. A password is generated and shown once, or read from standard input; the password of a user who is there stays unless one is given',
    )
    .requiredOption('--email <address>', 'of the administrator')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .action(({ email, passwordStdin }: { email: string; passwordStdin?: boolean }) =>
      run(async ({ database, readLine, say }) => {
        const password = passwordStdin ? await readLine() : undefined;
        say(describe(await createAdministrator(database(), { email, password })));
      }),
    );
};

function describe(made: MadeAdministrator): string {
  if (made.kind === 'promoted') {
    return `${made.email} is an administrator now. The password ${made.isPasswordChanged ? 'was changed, and all logins were ended' : 'is as it was'}.`;
  }
  return made.password === null
    ? `The administrator ${made.email} was made.`
    : `The administrator ${made.email} was made. The password, shown this once: ${made.password}`;
}
