/** The QR code as blocks of text. The library belongs to the gateway; it is there as soon as packages are installed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from '../paths.mjs';

/**
 * In a terminal with its own colours, so that it is dark on light whatever the colours of the terminal are.
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
