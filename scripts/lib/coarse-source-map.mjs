/**
 * Source maps of bundles. A program keeps the places of each file that a stack trace went through (`source-lines.mjs`),
 * and those of all columns would be many times as many. A stack trace needs the file and the line, so one place for
 * each line of the source is enough.
 */
import { decode, encode } from '@jridgewell/sourcemap-codec';

/**
 * The same map with one place where another line of the source begins in the program, and without the names of
 * variables. Files and lines of every place stay; columns are those of the first place of their line.
 *
 * @template {{ mappings: string, names: readonly string[] }} T
 * @param {T} map
 * @returns {T}
 */
export function coarse(map) {
  const lines = decode(map.mappings).map((places) => {
    let [source, sourceLine] = [-1, -1];
    return places.flatMap((place) => {
      const [column, ...original] = place;
      // A place without a source: what esbuild has written itself.
      const [nextSource = -1, nextLine = -1, sourceColumn = 0] = original;
      if (nextSource === source && nextLine === sourceLine) return [];
      [source, sourceLine] = [nextSource, nextLine];
      return /** @type {import('@jridgewell/sourcemap-codec').SourceMapSegment[]} */ ([
        nextSource < 0 ? [column] : [column, nextSource, nextLine, sourceColumn],
      ]);
    });
  });
  return { ...map, names: [], mappings: encode(lines) };
}
