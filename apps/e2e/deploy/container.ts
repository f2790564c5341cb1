import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Launch } from '../harness/managed-process.ts';
import type { Buildah, ImageConfig } from './buildah.ts';

/** An image whose files lie in a folder, ready to be run. */
export interface RunnableImage {
  name: string;
  root: string;
  config: ImageConfig;
}

/** Unpacks an image of the storage. */
export async function unpack(buildah: Buildah, name: string): Promise<RunnableImage> {
  const container = await buildah.call('from', '--pull-never', name);
  return { name, root: await buildah.call('mount', container), config: await buildah.configOf(name) };
}

/**
 * As a runtime of containers does with `--read-only --tmpfs /tmp --user 1000 --cap-drop all --network host`: own mounts
 * and process ids, a root that cannot be written, the user of the image, and its entry point as first process.
 */
const INSIDE = `
set -e
root=$1; user=$2; volumes=$3; shift 3
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
for volume in $volumes; do mount --bind "\${volume%%:*}" "$root/\${volume#*:}"; done
exec chroot --userspec="$user" --groups= "$root" "$@"
`;

export interface ContainerOptions {
  /** Folders of this machine, by the path inside. They exist in the image. */
  volumes?: Readonly<Record<string, string>>;
  /** Instead of the entry point. */
  command?: readonly string[];
  /** Behind the entry point. */
  args?: readonly string[];
}

/** How the process of an image is started, as the image says. */
export function launchOf(image: RunnableImage, options: ContainerOptions = {}): Launch {
  const { config, root } = image;
  const { volumes = {}, args = config.Cmd ?? [], command = [...config.Entrypoint, ...args] } = options;
  const bound = Object.entries(volumes).map(([inside, outside]) => `${outside}:${inside}`);
  return {
    command: 'unshare',
    args: [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      '-c',
      INSIDE,
      'container',
      root,
      config.User,
      bound.join(' '),
      ...command,
    ],
    env: { ...environmentOf(config), PATH: `/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin` },
    target: firstProcess,
  };
}

export const environmentOf = ({ Env }: ImageConfig): Record<string, string> =>
  Object.fromEntries(
    Env.map((text) => {
      const at = text.indexOf('=');
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );

/** The first process of the container is the child of `unshare`. */
function firstProcess(pid: number): number | undefined {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return child ? Number(child) : undefined;
}

/** Runs a container to its end. */
export async function runToEnd(
  image: RunnableImage,
  env: Record<string, string>,
  options: ContainerOptions = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const launch = launchOf(image, options);
  const child = spawn(launch.command, launch.args, {
    env: { ...launch.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}
