import { basename } from 'node:path';
import contentDisposition from 'content-disposition';

const MAX = 255;

/** The name of a file as its source gives it, without a path and without what no file system or header can hold. */
export function cleanFileName(given: string): string | undefined {
  const name = basename(given.replaceAll('\\', '/'))
    .replaceAll(/[\u0000-\u001f\u007f]|\p{Surrogate}/gu, '')
    .trim();
  if (name === '' || name === '.' || name === '..') return undefined;
  if (name.length <= MAX) return name;
  // The end tells what it is.
  const dot = name.lastIndexOf('.');
  const end = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : '';
  return name.slice(0, MAX - end.length).replace(/\p{Surrogate}$/u, '') + end;
}

/** The name in a header `Content-Disposition` of an answer; its `filename*` counts more than its `filename`. */
export function fileNameOfHeader(header: string): string | undefined {
  try {
    const { filename } = contentDisposition.parse(header).parameters;
    return typeof filename === 'string' ? cleanFileName(filename) : undefined;
  } catch {
    return undefined;
  }
}

/** What browsers may show by themselves: it runs no script. */
const SHOWN = /^(?:image\/(?:jpeg|png|gif|webp)|audio\/[\w.+-]+|video\/[\w.+-]+|application\/pdf)$/;

/** The header `Content-Disposition` of an answer with a file (RFC 6266). */
export function dispositionOf(mimetype: string, fileName: string | null, isDownload: boolean): string {
  const type = isDownload || !SHOWN.test(mimetype) ? 'attachment' : 'inline';
  return contentDisposition(fileName ?? undefined, { type });
}
