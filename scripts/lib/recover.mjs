/** `wag recover` for data that was put back: before anything uses it, because its keys are behind what was sent. */
import { runCommand } from './commands.mjs';
import { WAG } from './wag.mjs';

/**
 * @param {{ databaseUrl: string, masterKey: string }} installation
 * @param {import('./commands.mjs').CommandContext} context
 */
export async function recover({ databaseUrl, masterKey }, context) {
  await runCommand(
    {
      title: 'Making the restored data safe to use',
      command: process.execPath,
      args: [WAG, 'recover', '--kind', 'restored'],
      hint: 'Nothing was started, so nothing was sent.',
    },
    { ...context, env: { ...context.env, DATABASE_URL: databaseUrl, WAG_MASTER_KEY: masterKey } },
  );
}
