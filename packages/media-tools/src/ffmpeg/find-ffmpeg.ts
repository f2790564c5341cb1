import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ConfigError } from '@wa-gate/kit';

/** The programs of FFmpeg. */
export interface Ffmpeg {
  ffmpeg: string;
  ffprobe: string;
}

/**
 * Those of the folder that `FFMPEG_DIR` names, else those on PATH.
 * @returns `undefined` when there are none: what needs them is refused then
 * @throws {ConfigError} when the folder has none
 */
export function findFfmpeg(folder: string | undefined, path: string | undefined): Ffmpeg | undefined {
  const folders = folder === undefined ? pathFolders(path) : [folder];
  const [ffmpeg, ffprobe] = ['ffmpeg', 'ffprobe'].map((name) => findProgram(name, folders));
  if (ffmpeg !== undefined && ffprobe !== undefined) return { ffmpeg, ffprobe };
  if (folder === undefined) return undefined;
  throw new ConfigError(
    `FFMPEG_DIR is ${folder}, but there are no programs ffmpeg and ffprobe in it that can be run. Name their folder, or leave FFMPEG_DIR out.`,
  );
}

export const pathFolders = (path = ''): string[] => path.split(delimiter).filter((folder) => folder !== '');

/** The first runnable one, as an absolute path. */
export const findProgram = (name: string, folders: readonly string[]): string | undefined =>
  folders.map((folder) => join(folder, name)).find(isRunnable);

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
