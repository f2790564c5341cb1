#!/usr/bin/env node
/** `node scripts/assemble-images.mjs <folder>`: what the images contain, from a built checkout. */
import { resolve } from 'node:path';
import { formatError } from './lib/errors.mjs';
import { assembleImages } from './lib/images/assemble.mjs';

const [folder] = process.argv.slice(2);
try {
  if (!folder) throw new Error('Usage: node scripts/assemble-images.mjs <folder>');
  await assembleImages(resolve(folder), { env: process.env });
} catch (error) {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
}
