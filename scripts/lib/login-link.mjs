/** A link that opens the dashboard logged in, once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './commands.mjs';
import { ROOT } from './paths.mjs';

/** The bundle starts in a third of the time of what the compiler wrote. */
const WAG = join(ROOT, 'apps', 'gateway', 'bundle', 'wag.js');
const PAGES = join(ROOT, 'apps', 'dashboard', 'dist', 'index.html');
const TOKEN = /\bwag_ll_\w+/;

/**
 * @param {{ databaseUrl: string, masterKey: string, gatewayUrl: string, email: string }} installation
 * @param {import('./commands.mjs').CommandContext} context
 * @returns {Promise<string | undefined>} the address of the dashboard, without a token when none can be made; nothing
 *   where there is no dashboard
 */
export async function createLoginLink({ databaseUrl, masterKey, gatewayUrl, email }, context) {
  if (!existsSync(PAGES)) return undefined;
  if (!existsSync(WAG)) return gatewayUrl;
  try {
    const lines = await runCommand(
      {
        title: 'Making a link to the dashboard',
        command: process.execPath,
        args: [WAG, 'admin', 'login-link', '--email', email],
      },
      { ...context, env: { ...context.env, DATABASE_URL: databaseUrl, WAG_MASTER_KEY: masterKey } },
    );
    const token = TOKEN.exec(lines.join('\n'))?.[0];
    // Behind `#` it stays in the browser: no log has it.
    return token === undefined ? gatewayUrl : `${gatewayUrl}/open#${token}`;
  } catch {
    // The administrator of the data folder may be gone; whoever has a password can log in.
    return gatewayUrl;
  }
}
