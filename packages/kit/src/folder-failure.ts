import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The reason why a process cannot write into the folder of a variable, as a sentence for the operator; `null` for other
 * errors. The usual cause is a volume that belongs to another user than the one of the image.
 */
export function describeFolderFailure(error: unknown, variable: string, folder: string): string | null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EROFS') {
    return `${variable}: ${folder} is on a file system that cannot be written. Mount a volume there.`;
  }
  if (code !== 'EACCES' && code !== 'EPERM') return null;
  const user = process.getuid?.() ?? 'this one';
  const owner = ownerOf(folder);
  const belongs = owner === undefined ? '' : ` It belongs to user ${owner}.`;
  return `${variable}: user ${user} cannot write into ${folder}.${belongs} Give it to this user: chown -R ${user} ${folder}.`;
}

/** Of the folder, or of the nearest one above it that exists. */
function ownerOf(folder: string): number | undefined {
  for (let path = folder; ; path = dirname(path)) {
    try {
      return statSync(path).uid;
    } catch {
      if (dirname(path) === path) return undefined;
    }
  }
}
