import { supportedMimeTypes } from 'file-type';
import { extensionOf, isTextual, typeOfEnding } from './sniff-type.ts';

/** What a caller says of a file. */
export interface NamedAs {
  fileName?: string | undefined;
  mimetype?: string | undefined;
}

/** Types of one format, or of one container whose type depends on what is inside. The first is their name here. */
const SAME: readonly (readonly string[])[] = [
  ['image/jpeg', 'image/jpg', 'image/pjpeg'],
  ['image/png', 'image/apng', 'image/x-png'],
  ['image/bmp', 'image/x-ms-bmp', 'image/x-bmp'],
  ['image/heic', 'image/heif', 'image/heic-sequence', 'image/heif-sequence'],
  ['image/vnd.microsoft.icon', 'image/x-icon'],
  ['audio/mpeg', 'audio/mp3', 'audio/x-mp3', 'audio/mpeg3'],
  ['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'],
  ['audio/aiff', 'audio/x-aiff'],
  ['audio/aac', 'audio/x-aac', 'audio/aacp', 'audio/x-hx-aac-adts'],
  ['audio/flac', 'audio/x-flac'],
  ['audio/ogg', 'video/ogg', 'application/ogg', 'audio/opus', 'audio/x-opus+ogg', 'audio/vorbis'],
  [
    'video/mp4',
    'audio/mp4',
    'application/mp4',
    'audio/x-m4a',
    'audio/m4a',
    'video/x-m4v',
    'video/quicktime',
    'video/3gpp',
    'video/3gpp2',
    'audio/3gpp',
    'audio/3gpp2',
  ],
  ['audio/amr', 'audio/amr-wb', 'audio/x-amr'],
  ['video/webm', 'audio/webm', 'video/matroska', 'video/x-matroska', 'audio/x-matroska', 'audio/matroska'],
  ['video/vnd.avi', 'video/x-msvideo', 'video/avi', 'video/msvideo'],
  ['video/mpeg', 'video/mp1s', 'video/mp2p'],
  ['video/x-ms-asf', 'audio/x-ms-asf', 'application/vnd.ms-asf', 'video/x-ms-wmv', 'audio/x-ms-wma'],
  ['application/zip', 'application/x-zip-compressed', 'application/x-zip'],
  ['application/gzip', 'application/x-gzip'],
  ['application/x-rar-compressed', 'application/vnd.rar', 'application/x-rar'],
];

const ONE_NAME = new Map(SAME.flatMap((types) => types.map((type) => [type, types[0]!] as const)));
/** Types of which the bytes tell whether a file is one. */
const SNIFFED = new Set([...supportedMimeTypes].map(oneName));

/** Claims of nothing. */
const GENERIC = new Set([
  'application/octet-stream',
  'binary/octet-stream',
  'application/binary',
  'application/x-download',
]);

function oneName(mimetype: string): string {
  const base = (mimetype.split(';', 1)[0] ?? '').trim().toLowerCase();
  return ONE_NAME.get(base) ?? base;
}

/**
 * Whether what the caller says of a file can be true of its bytes.
 * @param found the type of the bytes
 * @returns a sentence, or `undefined` when nothing is wrong
 */
export function contradictionOf(found: string, { fileName, mimetype }: NamedAs): string | undefined {
  const extension = extensionOf(fileName);
  const ofName = typeOfEnding(extension);
  if (mimetype !== undefined && contradicts(found, mimetype)) {
    return `\`mimetype\` says ${mimetype}, but the bytes of the file are ${found}. Leave it out, or send the right file.`;
  }
  if (ofName !== undefined && contradicts(found, ofName)) {
    return `The file name ends in .${extension}, but the bytes of the file are ${found}. Rename it, or send the right file.`;
  }
  return undefined;
}

function contradicts(found: string, claimed: string): boolean {
  const [real, said] = [oneName(found), oneName(claimed)];
  if (real === said || GENERIC.has(said)) return false;
  if (isTextual(real) && isTextual(said)) return false;
  // What has no signature cannot be contradicted, except by the signature of a picture, a sound or a video.
  return SNIFFED.has(said) || /^(?:image|audio|video)\//.test(real);
}
