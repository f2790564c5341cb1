import { stat } from 'node:fs/promises';
import { secondsOfAmr } from './audio/amr.ts';
import type { FfmpegTools } from './ffmpeg/ffmpeg.ts';
import { type SniffedType, sniffType } from './inspect/sniff-type.ts';
import { MediaRefusedError } from './media-refused-error.ts';
import type { Probe } from './probe.ts';
import { runInThread } from './thread/run-in-thread.ts';
import { UnreadableError } from './thread/unreadable-error.ts';

/** Of the header of a file. */
const PROBE_MS = 8_000;

/** Reads what files are. */
export interface MediaReader {
  /** @throws {MediaRefusedError} `MEDIA_EMPTY` */
  typeOf(path: string, fileName: string | undefined, signal: AbortSignal): Promise<SniffedType>;
  /**
   * The header of a sound or a video.
   * @throws {MediaRefusedError} `MEDIA_UNREADABLE`, or `MEDIA_TOOL_MISSING` when ffmpeg could read it perhaps
   */
  probe(path: string, mimetype: string, signal: AbortSignal): Promise<Probe>;
}

export function createMediaReader(ffmpeg: FfmpegTools | undefined): MediaReader {
  async function byLibrary(path: string, signal: AbortSignal): Promise<Probe | null> {
    try {
      return await runInThread('probe', { path }, { timeoutMs: PROBE_MS, signal });
    } catch (error) {
      // What the library cannot read, ffmpeg often can.
      if (error instanceof UnreadableError && ffmpeg) return null;
      throw error;
    }
  }

  return {
    async typeOf(path, fileName, signal) {
      if ((await stat(path)).size === 0) {
        throw new MediaRefusedError('MEDIA_EMPTY', 'The file has no bytes. Send one that has some.');
      }
      return sniffType(path, fileName, signal);
    },

    async probe(path, mimetype, signal) {
      if (mimetype === 'audio/amr') {
        return {
          seconds: await secondsOfAmr(path),
          isWhole: true,
          audio: { codec: 'amr', channels: 1, sampleRate: 8000 },
        };
      }
      const probe = await byLibrary(path, signal);
      if (probe) return probe;
      if (ffmpeg) return ffmpeg.probe(path, signal);
      throw new MediaRefusedError(
        'MEDIA_TOOL_MISSING',
        `A file of ${mimetype} is read with ffmpeg, which this installation lacks. Its operator can install it (docs/media-conversion.md); send another format, or send it as a document.`,
        { found: mimetype, tool: 'ffmpeg' },
      );
    },
  };
}
