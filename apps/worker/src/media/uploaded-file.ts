/** A file on WhatsApp's media host, by which a message refers to it. */
export interface UploadedFile {
  url: string;
  directPath: string;
  /** Of the file. */
  fileSha256: Buffer;
  /** Bytes of the file. */
  fileLength: number;
  /** 32 bytes, from which the keys of the file are derived. Absent: it is not encrypted, as those of channels. */
  mediaKey?: Buffer;
  /** Of the encrypted file. */
  fileEncSha256?: Buffer;
  /** Seconds since 1970. */
  mediaKeyTimestamp?: number;
  /** Of what phones play while they download it: the MACs of its parts. */
  sidecar?: Buffer;
  /** The preview that the host has made of a file that is not encrypted. */
  thumbnail?: { directPath: string; sha256: Buffer };
}
