/**
 * Part of every bundle (`scripts/bundle.mjs`), before its program: stack traces name the files and lines of the
 * sources. Node does so itself with `--enable-source-maps`, but reads the maps of all files while it starts, keeps an
 * object for each place of those that it looks into, and looks into those of whoever makes a logger.
 *
 * A map is read here when a stack trace through its file is, and is kept as numbers.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('.', import.meta.url).href;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUE_OF = Uint8Array.from({ length: 128 }, (_, code) => Math.max(0, DIGITS.indexOf(String.fromCharCode(code))));
const [COMMA, SEMICOLON] = [44, 59];
/** Of a place: column of the program; file, line and column of the source, -1 where it has none. */
const NUMBERS = 4;

/**
 * The places of a file, in its order.
 *
 * @typedef {{ files: string[], firstOfLine: Uint32Array, places: Int32Array }} Places
 */

/** @type {Map<string, Places | null>} */
const known = new Map();

/**
 * @param {string} mappings
 * @returns {Omit<Places, 'files'>}
 */
function decode(mappings) {
  let [lines, commas] = [1, 0];
  for (let at = 0; at < mappings.length; at++) {
    const code = mappings.charCodeAt(at);
    if (code === SEMICOLON) lines += 1;
    else if (code === COMMA) commas += 1;
  }
  const firstOfLine = new Uint32Array(lines + 1);
  const places = new Int32Array((lines + commas) * NUMBERS);
  /** Numbers of a map are differences from those before. */
  const last = [0, 0, 0, 0];
  let [line, count, at] = [0, 0, 0];
  while (at < mappings.length) {
    const code = mappings.charCodeAt(at);
    if (code === SEMICOLON) {
      line += 1;
      firstOfLine[line] = count;
      last[0] = 0;
      at += 1;
    } else if (code === COMMA) {
      at += 1;
    } else {
      let field = 0;
      for (; at < mappings.length; field++) {
        const first = mappings.charCodeAt(at);
        if (first === COMMA || first === SEMICOLON) break;
        let [bits, shift, digit] = [0, 0, 32];
        while (digit & 32) {
          digit = VALUE_OF[mappings.charCodeAt(at)] ?? 0;
          bits |= (digit & 31) << shift;
          shift += 5;
          at += 1;
        }
        if (field < NUMBERS) last[field] = (last[field] ?? 0) + (bits & 1 ? -(bits >>> 1) : bits >>> 1);
      }
      places.set(field === 1 ? [last[0] ?? 0, -1, -1, -1] : last, count * NUMBERS);
      count += 1;
    }
  }
  firstOfLine.fill(count, line + 1);
  return { firstOfLine, places: places.slice(0, count * NUMBERS) };
}

/**
 * @param {string} url
 * @returns {Places | null} null: it has no map
 */
function placesOf(url) {
  const found = known.get(url);
  if (found !== undefined) return found;
  let places = null;
  try {
    const map = JSON.parse(readFileSync(new URL(`${url}.map`), 'utf8'));
    const files = map.sources.map((/** @type {string} */ source) => fileURLToPath(new URL(source, url)));
    places = { files, ...decode(map.mappings) };
  } catch {
    // The trace says where it is in the program.
  }
  known.set(url, places);
  return places;
}

/**
 * @param {Places} places
 * @param {number} line of the program, from 0
 * @param {number} column
 * @returns {string | undefined} `file:line:column`
 */
function findSource({ files, firstOfLine, places }, line, column) {
  // The last place that is not behind it, of the lines before where its own has none.
  let low = firstOfLine[line] ?? 0;
  let high = firstOfLine[line + 1] ?? 0;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((places[middle * NUMBERS] ?? 0) <= column) low = middle + 1;
    else high = middle;
  }
  const [, file = -1, sourceLine = 0, sourceColumn = 0] = places.subarray((low - 1) * NUMBERS, low * NUMBERS);
  return file < 0 ? undefined : `${files[file]}:${sourceLine + 1}:${sourceColumn + 1}`;
}

/** @param {NodeJS.CallSite} frame */
function describe(frame) {
  const text = frame.toString();
  const url = frame.getScriptNameOrSourceURL();
  const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
  if (!url?.startsWith(FOLDER) || !line || !column) return text;
  const places = placesOf(url);
  const source = places && findSource(places, line - 1, column - 1);
  return source ? text.replace(`${url}:${line}:${column}`, () => source) : text;
}

/**
 * What stands before the frames, as Node writes it.
 *
 * @param {Error & { code?: unknown }} error
 */
function headOf(error) {
  const text = Error.prototype.toString.call(error);
  const { code, name, message } = error;
  // Errors of Node show their code, in words of their own.
  const isOfNode =
    typeof code === 'string' && code.startsWith('ERR_') && String(error) === `${name} [${code}]: ${message}`;
  return isOfNode ? String(error) : text;
}

Error.prepareStackTrace = (error, frames) => [headOf(error), ...frames.map(describe)].join('\n    at ');
