/**
 * A standby process: it has loaded the external packages, which are most of a start, and imports the app on a message
 * of the launcher. So a reload loads only our own sources.
 *
 * Arguments: the entry, and the packages as JSON. One line of JSON on standard input starts it: `{ "inspectPort"?:
 * number }`. When the launcher ends before that, standard input ends, and with it the process.
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
    // The import of the app fails with the same error, and reports it in full.
  }
}
