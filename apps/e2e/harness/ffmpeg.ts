import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryFile } from './repository.ts';

/** The part of the scripts that is used here. It is plain JavaScript, outside of the build. */
interface Scripts {
  findFfmpeg(context: {
    env: NodeJS.ProcessEnv;
    fallbackCache: string;
    isWanted: boolean;
    progress: { step<T>(title: string, task: (note: () => void) => Promise<T>): Promise<T> };
  }): Promise<string | undefined>;
}

export interface TestFfmpeg {
  /** For `FFMPEG_DIR`; `undefined` when it is on PATH. */
  folder: string | undefined;
  ffmpeg(...args: string[]): Promise<void>;
  /** What `ffprobe` says of the first stream of a kind. */
  streamOf(path: string, kind: 'a' | 'v'): Promise<Record<string, string | number>>;
}

/** The ffmpeg of this machine, else a private copy, which is fetched once. */
export async function provideFfmpeg(): Promise<TestFfmpeg> {
  const { findFfmpeg } = (await import(repositoryFile('scripts/lib/ffmpeg.mjs').href)) as Scripts;
  const folder = await findFfmpeg({
    env: process.env,
    fallbackCache: join(tmpdir(), 'wa-gate-cache'),
    isWanted: true,
    progress: { step: (_title, task) => task(() => {}) },
  });
  const run = promisify(execFile);
  const program = (name: string): string => (folder === undefined ? name : join(folder, name));
  return {
    folder,
    async ffmpeg(...args) {
      await run(program('ffmpeg'), ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args]);
    },
    async streamOf(path, kind) {
      const args = [
        '-loglevel',
        'error',
        '-select_streams',
        `${kind}:0`,
        '-show_streams',
        '-show_format',
        '-of',
        'json',
      ];
      const { stdout } = await run(program('ffprobe'), [...args, path]);
      const { streams, format } = JSON.parse(stdout) as {
        streams: Record<string, string>[];
        format: { duration: string };
      };
      return { ...streams[0], seconds: Number(format.duration) };
    },
  };
}
