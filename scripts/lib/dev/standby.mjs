/**
 * A process in waiting: it has loaded the packages from outside, which are most of what a start loads, and imports
 * the app when the launcher tells it to. So a reload loads our own sources alone.
 *
 * Arguments: the entry, and the packages as JSON. One line of JSON on standard input starts it: `{ "inspectPort"?:
 * number }`. When the launcher goes away before that, standard input ends, and the process with it.
 */
import inspector from 'node:inspector';
import { pathToFileURL } from 'node:url';

const [entry = '', packages = '[]'] = process.argv.slice(2);
let isStarted = false;
let said = '';

process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  said += text;
});
process.stdin.on('end', () => {
  if (!said.endsWith('\n')) process.exit();
  isStarted = true;
  start(JSON.parse(said));
});

/** @param {{ inspectPort?: number }} options */
function start({ inspectPort }) {
  if (inspectPort !== undefined) inspector.open(inspectPort, '127.0.0.1');
  process.argv.splice(1, process.argv.length - 1, entry);
  import(pathToFileURL(entry).href).catch((/** @type {unknown} */ error) => {
    const shown = error instanceof Error ? error.stack : String(error);
    process.stderr.write(`${shown}\n`, () => process.exit(1));
  });
}

for (const { specifier, parent } of JSON.parse(packages)) {
  if (isStarted) break;
  try {
    await import(import.meta.resolve(specifier, parent));
  } catch {
    // The app will fail with the same error, and say more about it.
  }
}
