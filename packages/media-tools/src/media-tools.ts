import type { NamedAs } from './inspect/claim.ts';
import type { StickerPack } from './stickers/sticker-pack.ts';

/** What the bytes of a file are. Facts that its header does not tell are absent. */
export interface Inspection {
  mimetype: string;
  /** Without the dot. */
  extension: string;
  /** Pixels, as it is shown: upright. */
  width?: number;
  height?: number;
  /** Not rounded. */
  seconds?: number;
  /** A picture of more than one frame. */
  animated?: true;
  hasAudio?: boolean;
  hasVideo?: boolean;
  /** Of the video, else of the sound: `avc`, `opus`, … */
  codec?: string;
}

/** What a message says of its file. */
export interface FileFacts {
  mimetype: string;
  /** Whole, at least 1. */
  seconds?: number;
  /** Pixels, as it is shown. */
  width?: number;
  height?: number;
  animated?: true;
  /** 64 values, 0 to 100. */
  waveform?: Uint8Array;
  /** JPEG. */
  thumbnail?: Buffer;
}

/** What a file of a message is for, as the kinds of messages name it. */
export type MediaPurpose = 'image' | 'video' | 'gif' | 'videoNote' | 'audio' | 'voice' | 'document' | 'sticker';

/** What a conversion made. */
export interface Converted extends FileFacts {
  /** Whether `out` holds the file to send. Otherwise the given file is it, and `out` does not exist. */
  converted: boolean;
}

export interface RunOptions {
  /** Ends what runs for this file. */
  signal?: AbortSignal;
}

/**
 * Reads and converts files of strangers. Every method but `inspect` and `thumbnail` refuses a file that phones could
 * not show, with a `MediaRefusedError`; nothing of a refused or aborted conversion is left at `out` or beside it.
 */
export interface MediaTools {
  /**
   * The type by the bytes. A damaged picture or sound has no facts here; it is refused by the method that needs them.
   * @throws {MediaRefusedError} `MEDIA_EMPTY`; `MEDIA_TYPE_MISMATCH` when `named` says something else than the bytes
   */
  inspect(path: string, named?: NamedAs, options?: RunOptions): Promise<Inspection>;
  /**
   * Everything for a message with a file: the claims are checked, the file is converted by the method of its purpose,
   * and what comes out is not larger than WhatsApp takes. A document has a thumbnail when it is a picture or a video.
   * @throws {MediaRefusedError} as `inspect` and the method do; `MEDIA_TOO_LARGE` with `details.maxBytes`
   */
  prepare(purpose: MediaPurpose, path: string, out: string, named?: NamedAs, options?: RunOptions): Promise<Converted>;
  /** An upright JPEG, or PNG when it is transparent. */
  image(path: string, out: string, options?: RunOptions): Promise<Converted>;
  /** H.264 and AAC in MP4. A thumbnail needs ffmpeg. */
  video(path: string, out: string, options?: RunOptions): Promise<Converted>;
  /** As `video`, for playback as a GIF: also of GIF files, without a sound. */
  gif(path: string, out: string, options?: RunOptions): Promise<Converted>;
  /** As `video`, square and at most a minute, for a round video note. Without ffmpeg phones cut it to a square. */
  videoNote(path: string, out: string, options?: RunOptions): Promise<Converted>;
  /** A sound in a format that phones play. */
  audio(path: string, out: string, options?: RunOptions): Promise<Converted>;
  /** Ogg/Opus, one channel, 48 kHz, with a waveform. */
  voiceNote(path: string, out: string, options?: RunOptions): Promise<Converted>;
  /** WebP of 512 x 512 pixels within WhatsApp's sizes, of a picture, an animation or a short video. */
  sticker(path: string, out: string, options?: RunOptions & { pack?: StickerPack }): Promise<Converted>;
  /** The preview of a picture or a video; `undefined` when there is none. */
  thumbnail(path: string, options?: RunOptions): Promise<Buffer | undefined>;
  /** The picture of a profile or a group: a square JPEG. @throws {MediaRefusedError} */
  profilePicture(path: string, options?: RunOptions): Promise<Buffer>;
  /** Ends whatever runs, and waits for it. */
  close(): Promise<void>;
}
