#!/usr/bin/env node
/** `npm run wag -- <command>`: the commands of the gateway, on the installation of a data folder. */
import { formatError } from './lib/errors.mjs';
import { runWag } from './lib/wag.mjs';

try {
  process.exitCode = await runWag(process.argv.slice(2), process.env);
} catch (error) {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
}
