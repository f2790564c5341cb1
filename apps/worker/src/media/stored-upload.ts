import type { UploadedFile } from './uploaded-file.ts';

/** The fields that are bytes. */
type Bytes = Pick<UploadedFile, 'mediaKey' | 'fileSha256' | 'fileEncSha256' | 'sidecar'>;

/** An uploaded file as JSON; bytes are base64. */
export type StoredUpload = Omit<UploadedFile, keyof Bytes | 'thumbnail'> & { [F in keyof Bytes]: string } & {
  thumbnail?: { directPath: string; sha256: string };
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytes = (text: string): Buffer => Buffer.from(text, 'base64');

export const storedUpload = ({
  mediaKey,
  fileSha256,
  fileEncSha256,
  sidecar,
  thumbnail,
  ...rest
}: UploadedFile): StoredUpload => ({
  ...rest,
  fileSha256: base64(fileSha256),
  ...(mediaKey && { mediaKey: base64(mediaKey) }),
  ...(fileEncSha256 && { fileEncSha256: base64(fileEncSha256) }),
  ...(sidecar && { sidecar: base64(sidecar) }),
  ...(thumbnail && { thumbnail: { ...thumbnail, sha256: base64(thumbnail.sha256) } }),
});

export const readUpload = ({
  mediaKey,
  fileSha256,
  fileEncSha256,
  sidecar,
  thumbnail,
  ...rest
}: StoredUpload): UploadedFile => ({
  ...rest,
  fileSha256: bytes(fileSha256),
  ...(mediaKey !== undefined && { mediaKey: bytes(mediaKey) }),
  ...(fileEncSha256 !== undefined && { fileEncSha256: bytes(fileEncSha256) }),
  ...(sidecar !== undefined && { sidecar: bytes(sidecar) }),
  ...(thumbnail && { thumbnail: { ...thumbnail, sha256: bytes(thumbnail.sha256) } }),
});
