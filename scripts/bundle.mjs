/**
 * Writes a program into a few files, `<folder>/bundle`: a process that reads two thousand modules one by one spends
 * most of its start on it. Run by the build of gateway, worker and sandbox in the folder of the app, and for the image
 * of the migrations. What is imported by `import()` stays a file of its own, which is read when it is needed.
 *
 * `dist` stays what the compiler wrote, for tests and for whoever imports parts of an app. `packages.json` beside the
 * program lists the packages in it and those that it finds outside.
 *
 * `--apart` makes files of their own of packages, as far as the program uses them: V8 needs memory for the syntax of a
 * whole file at a time, several times its size, and the allocator does not give it back.
 *
 * Usage: node ../../scripts/bundle.mjs [--apart <package>] [--outside <package>] <entry> [<name>=<entry> ...]
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { coarse } from './lib/coarse-source-map.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDER = 'bundle';
const PARTS = 'parts';
const LINES = 'source-lines.mjs';
/** Modules that find files beside themselves, or that must be the one copy which others patch. */
const OUTSIDE = [
  'argon2',
  '@fastify/swagger-ui',
  '@libav.js/variant-opus-af',
  'msgpackr-extract',
  'sharp',
  'libsignal',
];
/** What modules of the older kind find around themselves. */
const COMMONJS = [
  `import { createRequire as createRequireOfBundle } from 'node:module';`,
  `const require = createRequireOfBundle(import.meta.url);`,
  `const __filename = import.meta.filename, __dirname = import.meta.dirname;`,
].join(' ');

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { apart: { type: 'string', multiple: true }, outside: { type: 'string', multiple: true } },
});
const { apart = [], outside = [] } = values;
const [main, ...others] = positionals;
if (!main) throw new Error('Usage: node ../../scripts/bundle.mjs src/main.ts, in the folder of an app.');
const further = others.map((text) => {
  const [out = '', path = ''] = text.split('=');
  return { in: path, out };
});
// What an entry of its own reaches besides the program, esbuild writes into a file that both import.
const parts = apart.map((name, index) => ({ in: name, out: `${PARTS}/${index}` }));
rmSync(FOLDER, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [{ in: main, out: 'main' }, ...further, ...parts],
  outdir: FOLDER,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  conditions: ['@wa-gate/source'],
  external: [...OUTSIDE, ...outside],
  banner: { js: COMMONJS },
  // Without comments: those of the libraries double the text in memory.
  minifyWhitespace: true,
  lineLimit: 160,
  legalComments: 'external',
  // Beside the files, not named in them: for `lib/source-lines.mjs`, while Node would read them at the start.
  sourcemap: 'external',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
});
const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
const lazy = imported.find((path) => path.startsWith(`${FOLDER}/${PARTS}/`));
if (lazy) throw new Error(`${lazy} is imported late by the program, and is a file of its own without --apart.`);
rmSync(join(FOLDER, PARTS), { recursive: true, force: true });
cpSync(join(import.meta.dirname, 'lib', LINES), join(FOLDER, LINES));
for (const { out } of [{ out: 'main' }, ...further]) {
  const file = join(FOLDER, `${out}.js`);
  const [before = '', ...after] = readFileSync(file, 'utf8').split(COMMONJS);
  // In a line that is in no map, and before the program.
  writeFileSync(file, `${before}import './${LINES}'; ${COMMONJS}${after.join(COMMONJS)}`);
}
for (const name of readdirSync(FOLDER).filter((one) => one.endsWith('.js'))) {
  // esbuild escapes such letters in strings, and leaves them in regular expressions.
  const [found] = /.{0,40}[^\0-\xFF]/.exec(readFileSync(join(FOLDER, name), 'utf8')) ?? [];
  if (found)
    throw new Error(
      `${found} in ${FOLDER}/${name} doubles the memory of the file: write the letter as \\u and four digits.`,
    );
}
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
