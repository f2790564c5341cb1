/** Compiling what is started. Turbo skips whatever has not changed. */
import { runCommand } from './commands.mjs';
import { binPath, toolEnvironment } from './paths.mjs';

/**
 * @param {import('./commands.mjs').CommandContext & {
 *   progress: import('./progress.mjs').Progress, packages?: readonly string[] }} context
 */
export async function build({ progress, packages = [], ...context }) {
  const filters = packages.map((name) => `--filter=${name}`);
  await progress.step('Building', (note) =>
    runCommand(
      {
        title: 'Building',
        command: binPath('turbo'),
        args: ['run', 'build', '--output-logs=new-only', '--no-color', ...filters],
        onLine: note,
      },
      { ...context, env: toolEnvironment(context.env) },
    ),
  );
}
