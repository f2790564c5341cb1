import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { debianCopy } from './private-copy.ts';

const run = promisify(execFile);

/** The part of an image's configuration that decides how its process runs. */
export interface ImageConfig {
  Env: string[];
  Entrypoint: string[];
  Cmd: string[] | null;
  User: string;
  WorkingDir: string;
  StopSignal?: string;
  ExposedPorts?: Record<string, object>;
  Labels?: Record<string, string>;
  Healthcheck?: { Test: string[] };
  Volumes?: Record<string, object>;
}

/** A private buildah with a storage of its own, for a machine without any container engine. Needs root. */
export interface Buildah {
  /** A folder with the command `buildah`, for a PATH. */
  bin: string;
  /** @returns standard output without the line break at its end */
  call(...args: string[]): Promise<string>;
  configOf(image: string): Promise<ImageConfig>;
}

const binOf = (folder: string): string => join(folder, 'bin');

/**
 * @param folder for the storage, and everything else
 * @param mounts of every build: a path on this machine and one inside
 */
export async function installBuildah(folder: string, mounts: readonly [string, string][]): Promise<void> {
  const copy = await debianCopy('buildah', ['buildah', 'patchelf']);
  const bin = binOf(folder);
  const home = join(folder, 'home');
  const config = join(home, '.config/containers');
  await mkdir(bin, { recursive: true });
  await mkdir(config, { recursive: true });
  await writeFile(join(config, 'policy.json'), '{ "default": [{ "type": "insecureAcceptAnything" }] }');
  await writeFile(join(config, 'registries.conf'), '');
  const storage = join(config, 'storage.conf');
  // Plain folders: nothing is asked of the kernel.
  await writeFile(
    storage,
    `[storage]\ndriver = "vfs"\ngraphroot = "${join(folder, 'graph')}"\nrunroot = "${join(folder, 'run')}"\n`,
  );
  // For RUN it starts itself anew, without the variables of its libraries: their place has to be in the program.
  const program = join(folder, 'buildah.real');
  await writeFile(program, await readFile(join(copy.home, 'usr/bin/buildah')));
  await chmod(program, 0o755);
  const patchelf = join(copy.home, 'usr/bin/patchelf');
  await run(patchelf, ['--force-rpath', '--set-rpath', copy.libraries, program], {
    env: { LD_LIBRARY_PATH: copy.libraries },
  });
  const script = `#!/bin/sh
export HOME='${home}' CONTAINERS_STORAGE_CONF='${storage}' CONTAINERS_REGISTRIES_CONF='${join(config, 'registries.conf')}'
export BUILDAH_ISOLATION=chroot
if [ "$1" = build ]; then
  shift
  set -- build ${mounts.map(([from, to]) => `--volume '${from}:${to}'`).join(' ')} "$@"
fi
exec '${program}' "$@"
`;
  await writeFile(join(bin, 'buildah'), script, { mode: 0o755 });
}

/** The one that was installed into the folder. */
export function buildahOf(folder: string): Buildah {
  const bin = binOf(folder);
  const command = join(bin, 'buildah');
  const call = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(command, args, { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  };
  return {
    bin,
    call,
    async configOf(image) {
      const { Docker } = JSON.parse(await call('inspect', '--type', 'image', image)) as {
        Docker: { config: ImageConfig };
      };
      return Docker.config;
    },
  };
}
