/**
 * Writes a program into a few files, `<folder>/bundle`: a process that reads two thousand modules one by one spends
 * most of its start on it. Run by the build of gateway, worker and sandbox in the folder of the app, and for the image
 * of the migrations. What is imported by `import()` stays a file of its own, which is read when it is needed.
 *
 * `dist` stays what the compiler wrote, for tests and for whoever imports parts of an app. `packages.json` beside the
 * program lists the packages in it and those that it finds outside.
 *
 * Usage: node ../../scripts/bundle.mjs [--inside <package>] [--outside <package>] <entry> [<name>=<entry> ...]
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { coarse } from './lib/coarse-source-map.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDER = 'bundle';
/** Modules that find files beside themselves, or that must be the one copy which others patch. */
const OUTSIDE = [
  'argon2',
  '@fastify/swagger-ui',
  '@libav.js/variant-opus-af',
  'msgpackr-extract',
  'sharp',
  '@whiskeysockets/baileys',
];
/** What modules of the older kind find around themselves. */
const COMMONJS = [
  `import { createRequire as createRequireOfBundle } from 'node:module';`,
  `const require = createRequireOfBundle(import.meta.url);`,
  `const __filename = import.meta.filename, __dirname = import.meta.dirname;`,
].join(' ');

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { inside: { type: 'string', multiple: true }, outside: { type: 'string', multiple: true } },
});
const { inside = [], outside = [] } = values;
const [main, ...others] = positionals;
if (!main) throw new Error('Usage: node ../../scripts/bundle.mjs src/main.ts, in the folder of an app.');
const further = others.map((text) => {
  const [out = '', path = ''] = text.split('=');
  return { in: path, out };
});
rmSync(FOLDER, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [{ in: main, out: 'main' }, ...further],
  outdir: FOLDER,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  conditions: ['@wa-gate/source'],
  external: [...OUTSIDE.filter((name) => !inside.includes(name)), ...outside],
  banner: { js: COMMONJS },
  // Without comments: those of the libraries double the text in memory, as one letter outside of Latin-1 does.
  minifyWhitespace: true,
  lineLimit: 160,
  legalComments: 'external',
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
});
for (const name of readdirSync(FOLDER).filter((one) => one.endsWith('.map'))) {
  const file = join(FOLDER, name);
  writeFileSync(file, JSON.stringify(coarse(JSON.parse(readFileSync(file, 'utf8')))));
}
writeFileSync(join(FOLDER, 'packages.json'), `${JSON.stringify(packagesOf(metafile), null, 2)}\n`);

/**
 * Folders of the packages inside, relative to the root of the checkout, and names of those outside.
 * @param {import('esbuild').Metafile} meta
 */
function packagesOf({ inputs, outputs }) {
  const folders = Object.keys(inputs).flatMap((input) => {
    // What a package disables for this platform is named so.
    const path = resolve(input.replace(/^\(disabled\):/, ''));
    const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
    return folder === undefined ? [] : [relative(ROOT, folder)];
  });
  const names = Object.values(outputs).flatMap(({ imports }) =>
    imports.flatMap(({ path, external }) => {
      if (!external || isBuiltin(path) || path.startsWith('node:')) return [];
      const [, name] = /^((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
      return name === undefined ? [] : [name];
    }),
  );
  return { inside: [...new Set(folders)].sort(), outside: [...new Set(names)].sort() };
}
