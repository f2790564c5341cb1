import { rm } from 'node:fs/promises';
import type { FfmpegTools } from '../ffmpeg/ffmpeg.ts';
import { MAX_STICKER_MS } from './frame-plan.ts';
import { type Frames, readRawFrames, STICKER_SIDE } from './frames.ts';

/** More than this looks no smoother on a phone. */
const MOST_PER_SECOND = 15;

/**
 * The frames of the beginning of a video, whole inside of the square of a sticker.
 * @param draft a file that is written and removed
 */
export async function readVideoFrames(
  path: string,
  { seconds, maxFrames, draft, signal }: { seconds: number; maxFrames: number; draft: string; signal: AbortSignal },
  ffmpeg: FfmpegTools,
): Promise<Frames> {
  const shown = Math.min(MAX_STICKER_MS / 1000, seconds > 0 ? seconds : Number.POSITIVE_INFINITY);
  const perSecond = Math.min(MOST_PER_SECOND, maxFrames / shown);
  const square = `${STICKER_SIDE}:${STICKER_SIDE}`;
  const filters = [
    `fps=${perSecond.toFixed(3)}`,
    `scale=${square}:force_original_aspect_ratio=decrease`,
    'setsar=1,format=rgba',
    `pad=${square}:-1:-1:color=black@0`,
  ];
  try {
    await ffmpeg.convert(
      path,
      [
        ...['-map', '0:v:0', '-t', shown.toFixed(3), '-vf', filters.join(','), '-frames:v', String(maxFrames)],
        ...['-threads', '2', '-pix_fmt', 'rgba', '-f', 'rawvideo', `file:${draft}`],
      ],
      { signal },
    );
    return await readRawFrames(draft, Math.round(1000 / perSecond));
  } finally {
    await rm(draft, { force: true });
  }
}
