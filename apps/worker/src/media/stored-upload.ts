import type { UploadedFile } from './uploaded-file.ts';

/** An uploaded file as JSON; bytes are base64. */
export type StoredUpload = {
  [F in keyof UploadedFile]: UploadedFile[F] extends Buffer | undefined ? string : UploadedFile[F];
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytes = (text: string): Buffer => Buffer.from(text, 'base64');

export const storedUpload = ({
  mediaKey,
  fileSha256,
  fileEncSha256,
  sidecar,
  ...rest
}: UploadedFile): StoredUpload => ({
  ...rest,
  mediaKey: base64(mediaKey),
  fileSha256: base64(fileSha256),
  fileEncSha256: base64(fileEncSha256),
  ...(sidecar && { sidecar: base64(sidecar) }),
});

export const readUpload = ({ mediaKey, fileSha256, fileEncSha256, sidecar, ...rest }: StoredUpload): UploadedFile => ({
  ...rest,
  mediaKey: bytes(mediaKey),
  fileSha256: bytes(fileSha256),
  fileEncSha256: bytes(fileEncSha256),
  ...(sidecar !== undefined && { sidecar: bytes(sidecar) }),
});
