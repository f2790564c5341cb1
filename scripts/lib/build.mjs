/** Compiles the apps, or makes only the generated sources. Turbo skips unchanged packages. */
import { runCommand } from './commands.mjs';
import { binPath, toolEnvironment } from './paths.mjs';

/**
 * @param {import('./commands.mjs').CommandContext & {
 *   progress: import('./progress.mjs').Progress, packages?: readonly string[], task?: 'build' | 'generate' }} context
 */
export async function build({ progress, packages = [], task = 'build', ...context }) {
  const filters = packages.map((name) => `--filter=${name}`);
  const title = task === 'build' ? 'Building' : 'Generating sources';
  await progress.step(title, (note) =>
    runCommand(
      {
        title,
        command: binPath('turbo'),
        args: ['run', task, '--output-logs=new-only', '--no-color', ...filters],
        onLine: note,
      },
      { ...context, env: toolEnvironment(context.env) },
    ),
  );
}
