import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { FileTypeParser, supportedExtensions } from 'file-type';
import mime from 'mime';

/** What the bytes of a file are. */
export interface SniffedType {
  /** As WhatsApp's clients write it, for example `audio/ogg; codecs=opus`. */
  mimetype: string;
  /** Without the dot. */
  extension: string;
}

const UNKNOWN: SniffedType = { mimetype: 'application/octet-stream', extension: 'bin' };

/** Names of the library that clients do not use, or that are one format with another. */
const CLIENT_TYPES: Readonly<Record<string, SniffedType>> = {
  'audio/x-m4a': { mimetype: 'audio/mp4', extension: 'm4a' },
  'video/x-m4v': { mimetype: 'video/mp4', extension: 'mp4' },
  'image/apng': { mimetype: 'image/png', extension: 'png' },
};

/** Compound files of Microsoft: the bytes do not tell the program, the name does. */
const COMPOUND: Readonly<Record<string, string>> = {
  doc: 'application/msword',
  dot: 'application/msword',
  xls: 'application/vnd.ms-excel',
  xlt: 'application/vnd.ms-excel',
  ppt: 'application/vnd.ms-powerpoint',
  pps: 'application/vnd.ms-powerpoint',
  msg: 'application/vnd.ms-outlook',
  msi: 'application/x-msi',
  vsd: 'application/vnd.visio',
  pub: 'application/x-mspublisher',
};

/** Archives that are taken for plain ones when their entries are in an unusual order. */
const ARCHIVES: Readonly<Record<string, string>> = {
  apk: 'application/vnd.android.package-archive',
  jar: 'application/java-archive',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  odt: 'application/vnd.oasis.opendocument.text',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odp: 'application/vnd.oasis.opendocument.presentation',
  epub: 'application/epub+zip',
  kmz: 'application/vnd.google-earth.kmz',
  pkpass: 'application/vnd.apple.pkpass',
  was: 'application/was',
};

/** How far into a file the header of a PDF may begin, as readers accept it. */
const PDF_HEADER_WITHIN = 1024;
/** Bytes that decide whether a file is text. */
const TEXT_SAMPLE = 64 * 1024;

/**
 * The type by the bytes; where bytes cannot tell, the name decides among the types that such bytes can be.
 * @param fileName that the caller gave, or `undefined`
 */
export async function sniffType(path: string, fileName: string | undefined, signal: AbortSignal): Promise<SniffedType> {
  const extension = extensionOf(fileName);
  const head = await readHead(path, TEXT_SAMPLE);
  // The byte order mark of UTF-16 looks like the first frame of an MP3 to the library.
  if (isUtf16(head) && isText(head)) return textByName(extension);
  const found = await new FileTypeParser({ signal }).fromFile(path);
  signal.throwIfAborted();
  if (found) return byName({ mimetype: found.mime, extension: found.ext }, extension);

  if (head.subarray(0, PDF_HEADER_WITHIN).includes('%PDF-')) return { mimetype: 'application/pdf', extension: 'pdf' };
  if (isText(head)) return textByName(extension);
  return unknownByName(extension);
}

/** Endings of more than one format, of which the registry of types knows one. */
const AMBIGUOUS = new Set(['ts', 'mts', 'dat', 'bin', 'obj', 'sub', 'key']);

/** The type that an ending stands for, without the dot. */
export const typeOfEnding = (extension: string): string | undefined =>
  AMBIGUOUS.has(extension) ? undefined : (mime.getType(extension) ?? undefined);

/** In lower case, without the dot; empty when there is none. */
export const extensionOf = (fileName: string | undefined): string =>
  extname(fileName ?? '')
    .slice(1)
    .toLowerCase();

function byName(found: SniffedType, extension: string): SniffedType {
  const { mimetype } = found;
  const named =
    mimetype === 'application/x-cfb'
      ? COMPOUND[extension]
      : mimetype === 'application/zip' || mimetype === 'application/java-archive'
        ? ARCHIVES[extension]
        : undefined;
  return named === undefined ? (CLIENT_TYPES[mimetype] ?? found) : { mimetype: named, extension };
}

/** Whether a type is one of files that are read as text. */
export const isTextual = (mimetype: string): boolean =>
  /^text\/|[+/](?:json|xml|yaml|sql|javascript|ecmascript|typescript|x-sh|x-httpd-php|toml|rtf|postscript)$/.test(
    mimetype,
  );

function textByName(extension: string): SniffedType {
  const named = typeOfEnding(extension);
  return named !== undefined && (isTextual(named) || !isSniffable(extension))
    ? { mimetype: named, extension }
    : { mimetype: 'text/plain', extension: extension || 'txt' };
}

/** A format without a signature is believed its name. One with a signature would have been found. */
function unknownByName(extension: string): SniffedType {
  if (isSniffable(extension)) return UNKNOWN;
  const named = typeOfEnding(extension);
  return named === undefined || isTextual(named) ? UNKNOWN : { mimetype: named, extension };
}

const isSniffable = (extension: string): boolean =>
  supportedExtensions.has(extension as never) || extension in COMPOUND || extension in ARCHIVES || extension === 'jpeg';

const isUtf16 = (head: Buffer): boolean =>
  (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);

/** UTF-8 or UTF-16 without control characters. */
function isText(head: Buffer): boolean {
  const encoding = !isUtf16(head) ? 'utf-8' : head[0] === 0xff ? 'utf-16le' : 'utf-16be';
  try {
    // `stream` tolerates a character that the sample cuts.
    const text = new TextDecoder(encoding, { fatal: true }).decode(head, { stream: true });
    return !/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text);
  } catch {
    return false;
  }
}

async function readHead(path: string, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
