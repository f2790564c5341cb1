import { readdir } from 'node:fs/promises';
import type { GatewayFixture } from './gateway-fixture.ts';

/** A picture of one pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
export const PDF = Buffer.from('%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n');

export interface FormPart {
  name: string;
  value: string | Buffer;
  fileName?: string;
  type?: string;
}

const BOUNDARY = '----a-boundary-of-the-tests';

/** A body of `multipart/form-data`, and its header. */
export function formOf(parts: readonly FormPart[]): { body: Buffer; headers: Record<string, string> } {
  const pieces = parts.flatMap(({ name, value, fileName, type }) => [
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${fileName === undefined ? '' : `; filename="${fileName}"`}\r\n`,
    type === undefined ? '\r\n' : `Content-Type: ${type}\r\n\r\n`,
    value,
    '\r\n',
  ]);
  const body = Buffer.concat([...pieces, `--${BOUNDARY}--\r\n`].map((piece) => Buffer.from(piece)));
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` } };
}

/** A form with one file. */
export const fileForm = (value: Buffer, fileName = 'a.png', type?: string, more: readonly FormPart[] = []) =>
  formOf([...more, { name: 'file', value, fileName, ...(type !== undefined && { type }) }]);

/** Everything that is in the media store and in the work folder. */
export async function storedAndInWork(fixture: GatewayFixture): Promise<{ stored: string[]; inWork: string[] }> {
  const stored: string[] = [];
  for await (const { key } of fixture.media.list('')) stored.push(key);
  return { stored, inWork: await readdir(fixture.workFolder.path) };
}
