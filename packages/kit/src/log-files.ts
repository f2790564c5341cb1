import { accessSync, constants, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from './env.ts';
import { describeFolderFailure } from './folder-failure.ts';
import type { LogSink } from './logger.ts';
import { createRotatingFile, type RotatingFile } from './rotating-file.ts';

export interface LogFilesOptions {
  /** The folder, for one process only: two would rotate the files of each other. */
  folder: string;
  /** @default 20 MB */
  maxBytes?: number;
  /** @default 5 */
  keep?: number;
}

/** The log in files, besides stdout. */
export interface LogFiles {
  sinks: LogSink[];
  /** Writes the queued lines. The exit of the process does it, too. */
  close(): void;
}

const MAX_BYTES = 20 * 1024 * 1024;
const KEPT = 5;

/** The field of lines about permissions and their use. */
export const SECURITY_FIELD = 'security';
/** The field as pino writes it. A text that contains it has escaped quotes. */
const IS_ABOUT_SECURITY = `"${SECURITY_FIELD}":`;

/**
 * Three files: `combined.log` has every line, `error.log` those from `error` on, `security.log` those with the field
 * {@link SECURITY_FIELD}. Writing never delays the logging code. Lines that are still queued at the exit of the process
 * are written then.
 *
 * @throws {ConfigError} when the folder cannot be written
 */
export function openLogFiles({ folder, maxBytes = MAX_BYTES, keep = KEPT }: LogFilesOptions): LogFiles {
  const path = resolve(folder);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new ConfigError(
      describeFolderFailure(error, 'LOG_FILE_PATH', path) ??
        `LOG_FILE_PATH: the folder ${path} cannot be written (${(error as { code?: string }).code}).`,
    );
  }
  // The log itself has failed: only stderr is left.
  const onTrouble = ({ message }: Error) => process.stderr.write(`log files in ${path}: ${message}\n`);
  const open = (name: string): RotatingFile => createRotatingFile({ folder: path, name, maxBytes, keep, onTrouble });
  const files = { combined: open('combined.log'), error: open('error.log'), security: open('security.log') };

  const close = () => {
    process.off('exit', close);
    for (const file of Object.values(files)) file.close();
  };
  process.on('exit', close);

  return {
    sinks: [
      {
        level: 'trace',
        stream: {
          write(line) {
            files.combined.write(line);
            if (line.includes(IS_ABOUT_SECURITY)) files.security.write(line);
          },
        },
      },
      { level: 'error', stream: { write: (line) => files.error.write(line) } },
    ],
    close,
  };
}
