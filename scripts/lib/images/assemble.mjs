/**
 * Puts together what the images contain: programs, the packages that stay outside of their bundles, licences. Run in a
 * built checkout, by the first stage of `deploy/docker/Dockerfile`. Needs no network.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../commands.mjs';
import { LaunchError } from '../errors.mjs';
import { ROOT } from '../paths.mjs';
import { copyPackages, resolvePackages } from './installed-packages.mjs';
import { writeLicences } from './licences.mjs';
import { IMAGES, PROGRAMS } from './programs.mjs';

/**
 * @param {string} out a folder that is made anew; it gets one folder per image, with what goes to `/app`
 * @param {import('../commands.mjs').CommandContext} context
 */
export async function assembleImages(out, context) {
  rmSync(out, { recursive: true, force: true });
  for (const name of IMAGES) await assembleImage(name, join(out, name), context);
}

/**
 * @param {import('./programs.mjs').ImageName} name
 * @param {string} app
 * @param {import('../commands.mjs').CommandContext} context
 */
async function assembleImage(name, app, context) {
  /** @type {import('./programs.mjs').ImageProgram} */
  const { folder, files, beside = [], bundle } = PROGRAMS[name];
  const home = join(ROOT, folder);
  if (bundle) {
    const args = [join(ROOT, 'scripts', 'bundle.mjs'), ...bundle];
    await runCommand({ title: `Bundling ${name}`, command: process.execPath, args, cwd: home }, context);
  }
  if (!existsSync(join(home, 'bundle'))) {
    throw new LaunchError(`${folder} is not built.`, { hint: 'Run npx turbo run build first.' });
  }
  mkdirSync(app, { recursive: true });
  for (const path of [...files.map((file) => join(folder, file)), ...beside]) {
    cpSync(join(ROOT, path), join(app, path), { recursive: true });
  }
  cpSync(join(ROOT, 'deploy', 'docker', 'healthcheck.mjs'), join(app, 'healthcheck.mjs'));

  const { inside, outside } = /** @type {{ inside: string[], outside: string[] }} */ (
    JSON.parse(readFileSync(join(home, 'bundle', 'packages.json'), 'utf8'))
  );
  const packages = resolvePackages(outside, home);
  copyPackages(packages, join(app, 'node_modules'));
  writeLicences(join(app, 'licences'), [
    ...inside.map((path) => join(ROOT, path)),
    ...packages.map(({ path }) => path),
  ]);
  // Facts for the tests and for whoever looks into an image.
  const contents = { program: `${folder}/bundle/main.js`, top: readdirSync(app).sort() };
  writeFileSync(join(app, 'contents.json'), `${JSON.stringify(contents, null, 2)}\n`);
}
