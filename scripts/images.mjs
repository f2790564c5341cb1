#!/usr/bin/env node
/**
 * `npm run images`: builds the images of `deploy/docker/Dockerfile` with docker, podman or buildah, whichever is there.
 * The base image is fetched and pinned by its digest, which is printed for the next time.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatError, LaunchError } from './lib/errors.mjs';
import { buildImage, findEngine, pinned, sizeOf } from './lib/images/engines.mjs';
import { IMAGES, imageName, VARIANTS } from './lib/images/programs.mjs';
import { ROOT } from './lib/paths.mjs';
import { createProgress } from './lib/progress.mjs';
import { stopOnSignals } from './lib/stop-signals.mjs';

const HELP = `npm run images -- [options]

Builds ${IMAGES.map(imageName).join(', ')}.

  --engine <name>          docker, podman or buildah (default: the first that is there)
  --tag <tag>              default: the version of package.json; \`latest\` always points to the same
  --image <name>           one of ${IMAGES.join(', ')}, may be given several times (default: all of these),
                           or ${VARIANTS.join(', ')}: the same with ffmpeg of Debian (GPL)
  --node-image <image>     Node 24 to build with (default: docker.io/library/node:24-bookworm-slim, pinned by its digest)
  --runtime-image <image>  what the processes run on (default: the same)
  --install <command>      installs the packages, inside of the build
  --revision <text>        REVISION of the workers (default: the commit)`;

const NODE_IMAGE = 'docker.io/library/node:24-bookworm-slim';

/** @param {readonly string[]} argv */
function readOptions(argv) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        engine: { type: 'string' },
        tag: { type: 'string' },
        image: { type: 'string', multiple: true },
        'node-image': { type: 'string', default: NODE_IMAGE },
        'runtime-image': { type: 'string' },
        install: { type: 'string' },
        revision: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new LaunchError(error instanceof Error ? error.message : String(error), { hint: HELP });
  }
}

/** The commit of the checkout; empty outside of git. */
function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    return '';
  }
}

/** @param {readonly string[] | undefined} wanted */
function chosen(wanted) {
  if (!wanted) return IMAGES;
  const all = [...IMAGES, ...VARIANTS];
  const unknown = wanted.find((name) => !all.some((known) => known === name));
  if (unknown) throw new LaunchError(`There is no image "${unknown}".`, { hint: `There are ${all.join(', ')}.` });
  return all.filter((name) => wanted.includes(name));
}

/**
 * @param {readonly string[]} argv
 * @param {NodeJS.ProcessEnv} env
 */
async function main(argv, env) {
  const options = readOptions(argv);
  const progress = createProgress();
  if (options.help) return progress.say(HELP);
  const images = chosen(options.image);
  const context = { env, signal: stopOnSignals() };
  const engine = findEngine(options.engine, env);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const tag = options.tag ?? version;

  const nodeImage = await progress.step(`The base image, ${options['node-image']}`, () =>
    pinned(engine, options['node-image'], context),
  );
  const runtimeImage = options['runtime-image'] ? await pinned(engine, options['runtime-image'], context) : nodeImage;
  const args = {
    NODE_IMAGE: nodeImage,
    RUNTIME_IMAGE: runtimeImage,
    ...(options.install && { INSTALL: options.install }),
    REVISION: options.revision ?? commit(),
  };
  for (const name of images) {
    const tags = [`${imageName(name)}:${tag}`, `${imageName(name)}:latest`];
    await progress.step(`${tags[0]}, with ${engine.name}`, (note) =>
      buildImage(
        engine,
        {
          dockerfile: join(ROOT, 'deploy', 'docker', 'Dockerfile'),
          folder: ROOT,
          target: name,
          tags,
          args,
          onLine: note,
        },
        context,
      ),
    );
    progress.say(`  ${tags[0]}  ${await sizeOf(engine, `${imageName(name)}:${tag}`, context)}`);
  }
  progress.say(`\nThe base was ${nodeImage}`);
}

try {
  await main(process.argv.slice(2), process.env);
  process.exit();
} catch (error) {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
}
