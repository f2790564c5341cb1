/** An encrypted file on WhatsApp's media host, by which a message refers to it. */
export interface UploadedFile {
  url: string;
  directPath: string;
  /** 32 bytes, from which the keys of the file are derived. */
  mediaKey: Buffer;
  /** Of the file. */
  fileSha256: Buffer;
  /** Of the encrypted file. */
  fileEncSha256: Buffer;
  /** Bytes of the file. */
  fileLength: number;
  /** Seconds since 1970. */
  mediaKeyTimestamp: number;
  /** Of what phones play while they download it: the MACs of its parts. */
  sidecar?: Buffer;
}
