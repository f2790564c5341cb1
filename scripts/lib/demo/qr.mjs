/** The QR code as blocks of text. The library belongs to the gateway; it is there as soon as packages are installed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from '../paths.mjs';

/**
 * @param {string} text
 * @returns {Promise<string>}
 */
export function drawQr(text) {
  const qrcode = createRequire(join(ROOT, 'apps', 'gateway', 'package.json'))('qrcode');
  return qrcode.toString(text, { type: 'terminal', small: true, errorCorrectionLevel: 'L' });
}
