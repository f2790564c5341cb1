/**
 * Writes the program of an app into a few files, `apps/<app>/bundle`: a process that reads two thousand modules one by
 * one spends most of its start on it. Run by the app's `build`, in the app's folder. What is imported by `import()`
 * stays a file of its own, which is read when it is needed.
 *
 * `dist` stays what the compiler wrote, for tests and for whoever imports parts of an app.
 */
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

const FOLDER = 'bundle';
/** Modules that find files beside themselves, or that must be the one copy which others patch. */
const EXTERNAL = ['argon2', '@fastify/swagger-ui', 'msgpackr-extract', '@whiskeysockets/baileys'];
/** What modules of the older kind find around themselves. */
const COMMONJS = [
  `import { createRequire as createRequireOfBundle } from 'node:module';`,
  `const require = createRequireOfBundle(import.meta.url);`,
  `const __filename = import.meta.filename, __dirname = import.meta.dirname;`,
].join(' ');

const [entry] = process.argv.slice(2);
if (!entry) throw new Error('Usage: node ../../scripts/bundle.mjs src/main.ts, in the folder of an app.');
rmSync(FOLDER, { recursive: true, force: true });
await build({
  entryPoints: [{ in: entry, out: 'main' }],
  outdir: FOLDER,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  conditions: ['@wa-gate/source'],
  external: EXTERNAL,
  banner: { js: COMMONJS },
  // Without comments: those of the libraries double the text in memory, as one letter outside of Latin-1 does.
  minifyWhitespace: true,
  lineLimit: 160,
  legalComments: 'external',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
});
