import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { coarse } from './coarse-source-map.mjs';
import { useTempDirs } from './temp-dir.testing.ts';

const tempDir = useTempDirs();

const SOURCE = `import { writeFileSync } from 'node:fs';
export class Postman {
  deliver(letter) {
    if (!letter.to) throw new TypeError('no address');
  }
}
const later = async () => {
  await null;
  new Postman().deliver({});
};
const shown = [];
try {
  new Postman().deliver({});
} catch (error) {
  shown.push(error.stack);
}
await later().catch((error) => shown.push(error.stack));
try {
  writeFileSync(7.5, '');
} catch (error) {
  shown.push(error.stack);
}
const holder = {};
Error.captureStackTrace(holder);
shown.push(holder.stack);
process.stdout.write(JSON.stringify(shown));
new Postman().deliver({});
`;

/** A program as `scripts/bundle.mjs` writes it; returns what it shows and how it ends. */
async function run({ hasMap = true } = {}) {
  const folder = tempDir();
  const { outputFiles } = await build({
    stdin: { contents: SOURCE, sourcefile: 'source.mjs', resolveDir: folder },
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: join(folder, 'main.mjs'),
    absWorkingDir: folder,
    sourcemap: 'external',
    minifyWhitespace: true,
    lineLimit: 40,
    banner: { js: `import './source-lines.mjs';` },
  });
  const [map, code] = outputFiles.map(({ text }) => text);
  cpSync(join(import.meta.dirname, 'source-lines.mjs'), join(folder, 'source-lines.mjs'));
  writeFileSync(join(folder, 'main.mjs'), code!);
  if (hasMap) writeFileSync(join(folder, 'main.mjs.map'), JSON.stringify(coarse(JSON.parse(map!))));
  const { stdout, stderr } = spawnSync(process.execPath, ['--enable-source-maps', join(folder, 'main.mjs')], {
    encoding: 'utf8',
  });
  return { folder, stacks: JSON.parse(stdout) as string[], stderr };
}

test('stack traces of a bundle name files and lines of the sources, also those of what is awaited', async () => {
  const { folder, stacks } = await run();
  const [thrown, awaited, ofNode, captured] = stacks.map((stack) => stack.split('\n    at '));
  const at = (line: number) => expect.stringMatching(new RegExp(`^${folder}/source\\.mjs:${line}:\\d+$`));
  const inside = (name: string, line: number) =>
    expect.stringMatching(new RegExp(`^${name} \\(${folder}/source\\.mjs:${line}:\\d+\\)$`));
  expect(thrown!.slice(0, 3)).toEqual(['TypeError: no address', inside('Postman\\.deliver', 4), at(13)]);
  expect(awaited).toEqual([
    'TypeError: no address',
    inside('Postman\\.deliver', 4),
    inside('later', 9),
    expect.stringMatching(new RegExp(`^async ${folder}/source\\.mjs:17:\\d+$`)),
  ]);
  expect(ofNode![0]).toMatch(/^TypeError \[ERR_INVALID_ARG_TYPE\]: The "path" argument/);
  expect(ofNode).toContainEqual(at(19));
  expect(ofNode!.some((frame) => frame.includes('node:fs'))).toBe(true);
  expect(captured!.slice(0, 2)).toEqual(['Error', at(24)]);
});

test('what ends the process is told with the lines of the sources', async () => {
  const { folder, stderr } = await run();
  expect(stderr).toContain(`TypeError: no address\n    at Postman.deliver (${folder}/source.mjs:4:`);
});

test('without a map stack traces name the program', async () => {
  const { stacks } = await run({ hasMap: false });
  expect(stacks[0]).toMatch(/^TypeError: no address\n {4}at Postman\.deliver \(file:\/\/.*\/main\.mjs:\d+:\d+\)\n/);
});
