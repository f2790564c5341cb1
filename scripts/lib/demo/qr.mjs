/**
 * Draws the QR code as blocks of text. The library is a dependency of the gateway, so it is there once packages are
 * installed.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from '../paths.mjs';

/**
 * Sets its own colours in a terminal, so that the code is dark on light in any theme.
 * @param {string} text
 * @returns {Promise<string>}
 */
export function drawQr(text) {
  const qrcode = createRequire(join(ROOT, 'apps', 'gateway', 'package.json'))('qrcode');
  return qrcode.toString(text, {
    type: process.stdout.isTTY ? 'terminal' : 'utf8',
    small: true,
    errorCorrectionLevel: 'L',
  });
}
