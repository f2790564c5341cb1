import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Finds the root of the checkout by its marker, because these files run from their sources (vitest) and from `dist`
 * (load scripts).
 */
function findRoot(folder: string): string {
  if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('These files are not inside a checkout of the project');
  return findRoot(parent);
}

const ROOT = findRoot(import.meta.dirname);

/** URL of a file of the repository, given by its path from the root. */
export const repositoryFile = (path: string): URL => pathToFileURL(join(ROOT, path));
