/** The log files of our processes: rotated, capped, quoted after a failure, followed on request. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
} from 'node:fs';

const MAX_BYTES = 20 * 1024 * 1024;
const TAIL_BYTES = 64 * 1024;
const FOLLOW_MS = 200;
/** Levels of pino from error on: our services write the word, others the number. */
const ERRORS = new Set(['error', 'fatal', 50, 60]);
const QUOTED_LINES = 5;
const SEARCHED_LINES = 40;
const RECENT_MS = 30_000;

/**
 * Each start begins a new file; the previous one is kept.
 * @param {string} path
 */
export function rotateLog(path) {
  if (existsSync(path)) renameSync(path, previous(path));
}

/**
 * Caps a log file. Children write to it themselves, so that they can outlive the launcher. It can be truncated because
 * they append.
 * @param {string} path
 * @param {number} [maxBytes]
 */
export function capLog(path, maxBytes = MAX_BYTES) {
  if (!existsSync(path) || statSync(path).size <= maxBytes) return;
  try {
    copyFileSync(path, previous(path));
  } catch {
    // On a full disk the file must at least get shorter.
  }
  truncateSync(path);
}

/** @param {string} path */
const previous = (path) => `${path}.1`;

/**
 * @param {string} path
 * @returns {string[]} the last lines, without blank ones
 */
export function lastLines(path) {
  if (!existsSync(path)) return [];
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const length = Math.min(size, TAIL_BYTES);
    const buffer = Buffer.alloc(length);
    readSync(file, buffer, 0, length, size - length);
    return buffer
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
  } finally {
    closeSync(file);
  }
}

/**
 * The last error of a process when it logs as JSON, else its last lines. Old lines, or lines without an error, are left
 * out, because they would look like the cause.
 * @param {string} path
 * @returns {string[]}
 */
export function lastWords(path) {
  const lines = lastLines(path);
  /** @type {string[]} */
  const plain = [];
  for (const line of lines.slice().reverse()) {
    const entry = parseEntry(line);
    if (entry && ERRORS.has(entry.level) && isRecent(entry)) return [describeEntry(entry)];
    if (!entry && plain.length < SEARCHED_LINES) plain.unshift(line);
  }
  // A stack trace is recognised by its first line.
  const error = plain.map((line) => /^\w*(Error|error|FATAL|PANIC)\b.*:/.test(line)).lastIndexOf(true);
  const telling = error < 0 ? plain : plain.slice(error, error + QUOTED_LINES);
  return telling.slice(-QUOTED_LINES).map((line) => line.slice(0, 300));
}

/**
 * @param {string} line
 * @returns {{ level: number | string, time?: number | string, msg?: string, err?: { message?: string } } | undefined}
 */
function parseEntry(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = JSON.parse(line);
    return 'level' in entry ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** @param {{ time?: number | string }} entry pino writes milliseconds, our services ISO times */
function isRecent({ time }) {
  return time === undefined || Date.now() - new Date(time).getTime() < RECENT_MS;
}

/** @param {{ msg?: string, err?: { message?: string } }} entry */
function describeEntry({ msg, err }) {
  return [...new Set([msg, err?.message].filter(Boolean))].join(': ');
}

/**
 * Passes each appended line to `onLine`.
 * @param {string} path
 * @param {(line: string) => void} onLine
 * @returns {() => void} stops following
 */
export function followLog(path, onLine) {
  let position = 0;
  let rest = '';
  const read = () => {
    if (!existsSync(path)) return;
    const size = statSync(path).size;
    if (size < position) position = 0; // rotated or cut
    if (size === position) return;
    const file = openSync(path, 'r');
    const buffer = Buffer.alloc(size - position);
    readSync(file, buffer, 0, buffer.length, position);
    closeSync(file);
    position = size;
    const lines = (rest + buffer.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
  const timer = setInterval(read, FOLLOW_MS);
  return () => {
    clearInterval(timer);
    read();
  };
}
