/** The programs that build images, and how each of them is asked. */
import { runCommand, runToEnd } from '../commands.mjs';
import { LaunchError } from '../errors.mjs';
import { onPath } from '../executables.mjs';

/**
 * @typedef {import('../commands.mjs').CommandContext} CommandContext
 *
 * @typedef {object} Build
 * @property {string} dockerfile
 * @property {string} folder
 * @property {string} target
 * @property {readonly string[]} tags
 * @property {Readonly<Record<string, string>>} args
 * @property {(line: string) => void} [onLine]
 *
 * @typedef {object} Engine
 * @property {string} name
 * @property {(build: Build) => readonly string[]} build arguments that build
 * @property {readonly string[]} pull arguments that fetch an image, before its name
 * @property {(image: string) => readonly string[]} digest arguments that print the digest of a fetched image
 * @property {(image: string) => readonly string[]} size arguments that print the bytes of an image
 */

const common = (/** @type {Build} */ { dockerfile, folder, target, tags, args }) => [
  '--file',
  dockerfile,
  '--target',
  target,
  ...tags.flatMap((tag) => ['--tag', tag]),
  ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
  folder,
];

const inspect = (/** @type {string} */ image, /** @type {string} */ format) => [
  'image',
  'inspect',
  '--format',
  format,
  image,
];

/** In the order in which they are looked for. @type {readonly Engine[]} */
export const ENGINES = [
  {
    name: 'docker',
    build: (build) => ['build', ...common(build)],
    pull: ['pull', '--quiet'],
    digest: (image) => inspect(image, '{{index .RepoDigests 0}}'),
    size: (image) => inspect(image, '{{.Size}}'),
  },
  {
    name: 'podman',
    // HEALTHCHECK is no part of the OCI format, which is the default of the other two.
    build: (build) => ['build', '--format', 'docker', ...common(build)],
    pull: ['pull', '--quiet'],
    digest: (image) => inspect(image, '{{index .RepoDigests 0}}'),
    size: (image) => inspect(image, '{{.Size}}'),
  },
  {
    name: 'buildah',
    // Without layers the compiling stage would run again for each image.
    build: (build) => ['build', '--format', 'docker', '--layers', '--pull=false', ...common(build)],
    pull: ['pull', '--quiet'],
    digest: (image) => ['inspect', '--type', 'image', '--format', '{{.FromImage}}@{{.FromImageDigest}}', image],
    size: (image) => ['images', '--format', '{{.Size}}', image],
  },
];

/**
 * @param {string | undefined} wanted
 * @param {NodeJS.ProcessEnv} env
 * @returns {Engine}
 */
export function findEngine(wanted, env) {
  const names = ENGINES.map(({ name }) => name).join(', ');
  const candidates = ENGINES.filter(({ name }) => wanted === undefined || name === wanted);
  if (candidates.length === 0)
    throw new LaunchError(`There is no engine "${wanted}".`, { hint: `Known are ${names}.` });
  const found = candidates.find(({ name }) => onPath(name, env.PATH) !== undefined);
  if (found) return found;
  throw new LaunchError(
    wanted === undefined
      ? 'Nothing on this machine builds images: neither docker nor podman nor buildah is on the PATH.'
      : `${wanted} is not on the PATH.`,
    { hint: 'Install one of them, for example: apt-get install buildah.' },
  );
}

/**
 * A base image with its digest, so that every image of a run, and every later run with the same argument, is built on
 * the same bytes. An image of this machine (`localhost/…`) has none and stays as it is.
 * @param {Engine} engine
 * @param {string} image
 * @param {CommandContext} context
 */
export async function pinned(engine, image, context) {
  if (image.includes('@sha256:') || image.startsWith('localhost/')) return image;
  const hint = 'Check the name and the connection to its registry, or give another one with --node-image.';
  await runCommand({ title: `Fetching ${image}`, command: engine.name, args: [...engine.pull, image], hint }, context);
  const asking = { title: `The digest of ${image}`, command: engine.name, args: engine.digest(image) };
  const [line = ''] = await runCommand(asking, context);
  const digest = /@(sha256:[0-9a-f]{64})$/.exec(line.trim())?.[1];
  if (!digest)
    throw new LaunchError(`${engine.name} tells no digest of ${image}.`, { hint: 'Give it: --node-image …@sha256:….' });
  return `${image}@${digest}`;
}

/**
 * @param {Engine} engine
 * @param {Build} build
 * @param {CommandContext} context
 */
export async function buildImage(engine, build, context) {
  const { onLine } = build;
  const args = engine.build(build);
  await runCommand(
    { title: `Building ${build.tags[0]}`, command: engine.name, args, ...(onLine && { onLine }) },
    context,
  );
}

/**
 * The size as the engine tells it, in megabytes where it is a number.
 * @param {Engine} engine
 * @param {string} image
 * @param {CommandContext} context
 */
export async function sizeOf(engine, image, context) {
  const asking = { title: `The size of ${image}`, command: engine.name, args: engine.size(image) };
  const { code, lines } = await runToEnd(asking, context);
  const [line = ''] = lines;
  if (code !== 0) return 'unknown size';
  return /^\d+$/.test(line) ? `${Math.round(Number(line) / 1_000_000)} MB` : line;
}
