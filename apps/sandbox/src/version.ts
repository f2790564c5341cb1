import { readFileSync } from 'node:fs';

/** Of this software. The file stands at the same depth in sources, build and bundle. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
