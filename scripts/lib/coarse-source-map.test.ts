import { SourceMap } from 'node:module';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { coarse } from './coarse-source-map.mjs';

const SOURCE = `export function outer(values) {
  const inner = (value) => {
    if (value > 1) throw new Error('too much');
    return [value, value + 1].map((one) => one * 2);
  };
  return values.map(inner);
}
export const other = outer([1]);
`;

test('a coarse source map leads to the same files and lines, with fewer places', async () => {
  const { outputFiles } = await build({
    stdin: { contents: SOURCE, sourcefile: 'source.mjs' },
    write: false,
    outfile: 'out.mjs',
    sourcemap: 'external',
    minifyWhitespace: true,
    lineLimit: 60,
  });
  const [map, code] = outputFiles.map(({ text }) => text);
  const fine = JSON.parse(map!);
  const less = coarse(fine);
  const [before, after] = [new SourceMap(fine), new SourceMap(less)];
  for (const [line, text] of code!.split('\n').entries()) {
    for (let column = 0; column < text.length; column++) {
      const { originalSource, originalLine } = before.findEntry(line, column) as { [key: string]: unknown };
      expect(after.findEntry(line, column), `${line}:${column}`).toMatchObject({ originalSource, originalLine });
    }
  }
  expect(less.mappings.length).toBeLessThan(fine.mappings.length / 2);
  expect(less.names).toEqual([]);
});
