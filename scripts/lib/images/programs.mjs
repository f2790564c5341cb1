/**
 * The images and what runs in them. The Dockerfile, the compose file, the manifests and the documents are compared with
 * this table by tests.
 *
 * @typedef {object} ImageProgram
 * @property {string} folder of the program in the checkout, and below `/app` in the image
 * @property {readonly string[]} files of that folder which go into the image
 * @property {readonly string[]} [beside] other files of the checkout which go into the image
 * @property {readonly string[]} [bundle] arguments of `scripts/bundle.mjs`, where the build makes no bundle
 * @property {Readonly<Record<string, number>>} ports by the variable that changes them
 * @property {readonly [variable: string, path: string] | null} health what HEALTHCHECK asks
 *
 * @typedef {keyof typeof PROGRAMS} ImageName
 */

export const PROGRAMS = /** @satisfies {Record<string, ImageProgram>} */ ({
  gateway: {
    folder: 'apps/gateway',
    files: ['bundle', 'package.json'],
    beside: ['apps/dashboard/dist'],
    ports: { PORT: 8000, METRICS_PORT: 9464 },
    health: ['PORT', '/readyz'],
  },
  worker: {
    folder: 'apps/worker',
    files: ['bundle', 'package.json'],
    ports: { PORT: 8001, METRICS_PORT: 9464 },
    health: ['PORT', '/readyz'],
  },
  sandbox: {
    folder: 'apps/sandbox',
    files: ['bundle', 'package.json'],
    ports: { SANDBOX_PORT: 8920, SANDBOX_WS_PORT: 8921 },
    health: ['SANDBOX_PORT', '/health'],
  },
  migrate: {
    folder: 'packages/db',
    files: ['bundle', 'package.json'],
    beside: ['prisma/migrations'],
    bundle: ['--outside', '@prisma/schema-engine-wasm', 'bin/migrate.mjs'],
    ports: {},
    health: null,
  },
});

export const IMAGES = /** @type {readonly ImageName[]} */ (Object.keys(PROGRAMS));

/** Images that are built when they are named: they hold what is not wa-gate's, and fetch it from Debian. */
export const VARIANTS = /** @type {const} */ (['gateway-ffmpeg']);

/** @param {ImageName | typeof VARIANTS[number]} name */
export const imageName = (name) => `wa-gate/${name}`;
