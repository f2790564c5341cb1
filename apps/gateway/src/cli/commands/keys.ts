import { KEY_SCOPES, type Key } from '@wa-gate/contracts';
import { Option } from 'commander';
import type { Register } from '../command-context.ts';
import { type JsonOption, jsonOption, present } from './json-option.ts';

interface CreateOptions extends JsonOption {
  name: string;
  scope?: string;
  session?: string;
  expiresInDays?: string;
}

const DAY_MS = 86_400_000;

export const keyCommands: Register = (program, run) => {
  program
    .command('keys')
    .description('API keys')
    .command('create')
    .description('make a key in the workspace of the administrator whose key is used; its token is shown once')
    .requiredOption('--name <name>', 'what it is for')
    .addOption(new Option('--scope <scope>', 'what it reaches').choices(KEY_SCOPES))
    .option('--session <id>', 'the session of a key of the scope session')
    .option('--expires-in-days <days>', 'when it ends; without it, never')
    .addOption(jsonOption())
    .action((options: CreateOptions) =>
      run(async (context) => {
        const { name, scope, session: sessionId, expiresInDays } = options;
        const api = await context.api();
        const made = await api.post<{ key: Key; apiKey: string }>('/api/keys', {
          name,
          ...(scope && { scope }),
          ...(sessionId && { sessionId }),
          ...(expiresInDays && { expiresAt: new Date(Date.now() + Number(expiresInDays) * DAY_MS).toISOString() }),
        });
        present(context, options, made, () => `Key "${name}" (${made.key.scope}), shown this once:\n${made.apiKey}`);
      }),
    );
};
