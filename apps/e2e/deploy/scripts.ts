import { repositoryFile } from '../harness/repository.ts';

/** The parts of the scripts that are used here. They are plain JavaScript, outside of the build. */
interface Scripts {
  hasDebianTools(env: NodeJS.ProcessEnv): boolean;
  makeDebianCopy(
    copy: { name: string; home: string; packages: readonly string[]; dependencies?: 'missing' | 'none' },
    context: { env: NodeJS.ProcessEnv },
  ): Promise<void>;
  librariesOf(home: string): string;
  onPath(name: string, path: string | undefined): string | undefined;
  cacheFolder(env: NodeJS.ProcessEnv, fallback: string): string;
  runCommand(
    command: { title: string; command: string; args: readonly string[]; cwd?: string; yielding?: boolean },
    context: { env: NodeJS.ProcessEnv; signal?: AbortSignal },
  ): Promise<string[]>;
  formatError(error: unknown): string;
  assembleImages(out: string, context: { env: NodeJS.ProcessEnv }): Promise<void>;
  oneAtATime<T>(path: string, options: object, work: (hasWaited: boolean) => Promise<T>): Promise<T>;
  PROGRAMS: Record<string, { folder: string; ports: Record<string, number>; health: [string, string] | null }>;
}

const MODULES = ['debian-packages', 'commands', 'errors', 'executables', 'lock', 'images/assemble', 'images/programs'];

export async function loadScripts(): Promise<Scripts> {
  const modules = await Promise.all(
    MODULES.map((name) => import(repositoryFile(`scripts/lib/${name}.mjs`).href) as Promise<object>),
  );
  return Object.assign({}, ...modules) as Scripts;
}
