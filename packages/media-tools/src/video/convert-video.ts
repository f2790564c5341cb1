import { stat } from 'node:fs/promises';
import type { FfmpegTools } from '../ffmpeg/ffmpeg.ts';
import { makeThumbnail } from '../images/thumbnail.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import type { Probe } from '../probe.ts';
import { describeVideo, planVideo } from './playable.ts';

/** What WhatsApp accepts of a video that it plays. */
export const VIDEO_BYTES = 16 * 1024 * 1024;
/** Pixels of the longer side of what is encoded anew. */
const SIDE = 1280;
const AUDIO_BITS = 96_000;
/** A video looks broken below this. */
const LEAST_VIDEO_BITS = 100_000;
const MOST_VIDEO_BITS = 2_500_000;
/** Of the size, for headers and for what the encoder exceeds. */
const USABLE = 0.9;
/** Of a picture, as PNG. */
const MAX_PICTURE = 64 * 1024 * 1024;
/** Pixels of the picture that a preview is made of. */
const PREVIEW_WIDTH = 640;

export interface VideoSource {
  path: string;
  mimetype: string;
  probe: Probe;
  form: VideoForm;
}

/** How a video is shown: as it is, again and again without a sound, or round. */
export type VideoForm = 'plain' | 'gif' | 'note';

/** Of a video note: what phones record. */
const NOTE_SIDE = 480;
const NOTE_SECONDS = 60;

/**
 * Writes H.264 and AAC in MP4 to `out`, if the file is something else.
 * @returns whether it was written
 */
export async function convertVideo(
  { path, mimetype, probe, form }: VideoSource,
  out: string,
  ffmpeg: FfmpegTools | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (form === 'note' && Math.floor(probe.seconds) > NOTE_SECONDS) {
    throw new MediaRefusedError(
      'MEDIA_TOO_LARGE',
      `A video note lasts at most ${NOTE_SECONDS} s; this one has ${Math.round(probe.seconds)}. Send a shorter one, or leave \`videoNote\` out.`,
      { maxSeconds: NOTE_SECONDS },
    );
  }
  const playable = planVideo(mimetype, probe);
  const isCut = form === 'note' && ffmpeg !== undefined && probe.video?.width !== probe.video?.height;
  const plan = isCut ? 'transcode' : playable;
  if (plan === 'nothing') return false;
  if (!ffmpeg) {
    throw new MediaRefusedError(
      'MEDIA_TOOL_MISSING',
      `Phones play H.264 with AAC in MP4; this is ${describeVideo(mimetype, probe)}. It is converted with ffmpeg, which this installation lacks. Its operator can install it (docs/media-conversion.md); send an MP4, or send it as a document.`,
      { found: mimetype, tool: 'ffmpeg' },
    );
  }
  const tracks = ['-map', '0:v:0', ...(form === 'gif' ? [] : ['-map', '0:a:0?']), '-sn', '-dn', '-map_metadata', '-1'];
  const codecs = plan === 'remux' ? ['-c', 'copy'] : encoding(probe.seconds, form);
  const target = ['-movflags', '+faststart', '-fs', String(VIDEO_BYTES), '-f', 'mp4', `file:${out}`];
  await ffmpeg.convert(path, [...tracks, ...codecs, ...target], { signal });
  // A file that reaches the limit was cut there.
  if ((await stat(out)).size >= VIDEO_BYTES * 0.99) throw tooLong();
  return true;
}

/** Sides are even, and not longer than phones show. */
const WITHIN = `scale='min(${SIDE},iw)':'min(${SIDE},ih)':force_original_aspect_ratio=decrease,scale='max(2,trunc(iw/2)*2)':'max(2,trunc(ih/2)*2)'`;
/** The middle of the picture. */
const SQUARE = `crop='min(iw,ih)':'min(iw,ih)',scale=${NOTE_SIDE}:${NOTE_SIDE}`;

/** As many bits as the time leaves of the size. */
function encoding(seconds: number, form: VideoForm): string[] {
  const audioBits = form === 'gif' ? 0 : AUDIO_BITS;
  const bits = Math.floor((VIDEO_BYTES * 8 * USABLE) / Math.max(1, seconds)) - audioBits;
  if (bits < LEAST_VIDEO_BITS) throw tooLong();
  const most = Math.min(bits, MOST_VIDEO_BITS);
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '26', '-pix_fmt', 'yuv420p', '-profile:v', 'high'],
    ...['-maxrate', String(most), '-bufsize', String(2 * most), '-threads', '2'],
    ...['-vf', `${form === 'note' ? SQUARE : WITHIN},setsar=1`],
    ...(form === 'gif' ? ['-an'] : ['-c:a', 'aac', '-b:a', String(AUDIO_BITS), '-ac', '2']),
  ];
}

const tooLong = (): MediaRefusedError =>
  new MediaRefusedError(
    'MEDIA_TOO_LARGE',
    `The video is too long to be sent in ${VIDEO_BYTES / 1024 / 1024} MB. Send a shorter one, or send it as a document.`,
    { maxBytes: VIDEO_BYTES },
  );

export interface PictureOptions {
  /** Seconds from the beginning. */
  at?: number;
  /** Pixels; a wider picture becomes smaller. */
  width?: number;
  signal: AbortSignal;
}

/** A picture of a video, upright, as PNG; `undefined` when it has none there. */
export async function pictureOfVideo(
  path: string,
  ffmpeg: FfmpegTools,
  { at = 0, width, signal }: PictureOptions,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  const scale = width === undefined ? [] : ['-vf', `scale='min(${width},iw)':-2,setsar=1`];
  await ffmpeg.convert(
    path,
    ['-map', '0:v:0', '-frames:v', '1', '-threads', '2', ...scale, '-c:v', 'png', '-f', 'image2pipe', 'pipe:1'],
    {
      signal,
      before: at > 0 ? ['-ss', at.toFixed(3)] : [],
      onOutput: (chunk) => {
        size += chunk.length;
        if (size > MAX_PICTURE) throw tooLargePicture();
        chunks.push(chunk);
      },
    },
  );
  return size === 0 ? undefined : Buffer.concat(chunks);
}

const tooLargePicture = (): MediaRefusedError =>
  new MediaRefusedError('MEDIA_TOO_LARGE', 'The picture is too large to be converted. Send a smaller JPEG or PNG.', {
    maxBytes: MAX_PICTURE,
  });

/** The preview of a video; nothing when it has no picture there. */
export async function thumbnailOfVideo(
  path: string,
  seconds: number,
  ffmpeg: FfmpegTools,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const picture = await pictureOfVideo(path, ffmpeg, { at: Math.min(1, seconds / 2), width: PREVIEW_WIDTH, signal });
  return picture && makeThumbnail(picture);
}
