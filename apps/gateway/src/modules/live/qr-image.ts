import type { QR_FORMATS } from '@wa-gate/contracts';

export type QrFormat = (typeof QR_FORMATS)[number];

const OPTIONS = { errorCorrectionLevel: 'M', margin: 4 } as const;
const PNG_WIDTH = 384;

/** The picture of a QR code. */
export async function renderQr(text: string, format: 'png' | 'svg'): Promise<{ type: string; body: Buffer | string }> {
  // Loaded for the first picture: most clients draw the code themselves.
  const { default: QRCode } = await import('qrcode');
  if (format === 'png') {
    return { type: 'image/png', body: await QRCode.toBuffer(text, { ...OPTIONS, type: 'png', width: PNG_WIDTH }) };
  }
  return { type: 'image/svg+xml', body: await QRCode.toString(text, { ...OPTIONS, type: 'svg' }) };
}

/** `?format=` wins; else the first of the types in Accept that there is. */
export function chooseFormat(asked: QrFormat | undefined, accept: string | undefined): QrFormat {
  if (asked) return asked;
  for (const entry of (accept ?? '').split(',')) {
    const type = entry.split(';', 1)[0]!.trim();
    if (type === 'image/png') return 'png';
    if (type === 'image/svg+xml') return 'svg';
    if (type === 'application/json' || type === '*/*') return 'json';
  }
  return 'json';
}
