import { MediaRefusedError } from '../media-refused-error.ts';
import type { Probe } from '../probe.ts';
import type { Ffmpeg } from './find-ffmpeg.ts';
import { runTool, ToolFailedError, type ToolLimits } from './run-tool.ts';

/**
 * Containers that are opened. Playlists, image sequences and everything else that leads to other files are not among
 * them, and the protocol is the one of local files.
 */
const DEMUXERS =
  'mov,matroska,webm,avi,flv,asf,mpeg,mpegts,ogg,wav,w64,aiff,mp3,aac,amr,flac,caf,ape,wv,ac3,gif,bmp_pipe,rm,mpegvideo';
/** A file with more tracks than a person records. */
const STREAMS = 64;
const PROBE_MS = 20_000;
const PROBE_OUTPUT = 256 * 1024;

export interface FfmpegTools {
  /**
   * Runs `ffmpeg` with these arguments behind `-i`.
   * @param before options of the input, for example `-ss`
   * @throws {MediaRefusedError} when it cannot read the file
   */
  convert(path: string, args: readonly string[], options: ConvertOptions): Promise<void>;
  /** The header, for containers that the library does not know. */
  probe(path: string, signal: AbortSignal): Promise<Probe>;
}

export interface ConvertOptions {
  signal: AbortSignal;
  before?: readonly string[];
  onOutput?: (chunk: Buffer) => void;
}

/** @param programs that were found */
export function createFfmpegTools({ ffmpeg, ffprobe }: Ffmpeg, limits: ToolLimits): FfmpegTools {
  return {
    async convert(path, args, { signal, before = [], onOutput }) {
      await readable(() =>
        runTool({
          program: ffmpeg,
          args: ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y', ...before, ...inputOf(path), ...args],
          limits,
          signal,
          ...(onOutput && { onOutput }),
        }),
      );
    },

    async probe(path, signal) {
      const chunks: Buffer[] = [];
      let size = 0;
      const entries = 'format=duration:stream=codec_type,codec_name,width,height,channels,sample_rate,duration';
      await readable(() =>
        runTool({
          program: ffprobe,
          args: [
            '-hide_banner',
            '-loglevel',
            'error',
            '-show_entries',
            `${entries}:stream_side_data=rotation`,
            '-of',
            'json',
            ...inputOf(path),
          ],
          limits: { ...limits, timeoutMs: Math.min(limits.timeoutMs, PROBE_MS) },
          signal,
          onOutput: (chunk) => {
            size += chunk.length;
            if (size > PROBE_OUTPUT) throw new MediaRefusedError('MEDIA_UNREADABLE', DAMAGED);
            chunks.push(chunk);
          },
        }),
      );
      return readProbe(JSON.parse(Buffer.concat(chunks).toString('utf8')) as ProbeOutput);
    },
  };
}

const inputOf = (path: string): string[] => [
  '-protocol_whitelist',
  'file',
  '-format_whitelist',
  DEMUXERS,
  '-max_streams',
  String(STREAMS),
  '-i',
  `file:${path}`,
];

const DAMAGED = 'The file cannot be decoded: it is damaged, cut off or of a format that is not supported.';

async function readable(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ToolFailedError)) throw error;
    if (error.isTimeout) {
      throw new MediaRefusedError(
        'MEDIA_UNREADABLE',
        'The file could not be converted in the time that is allowed. Send a shorter one, or one in its final format.',
        {},
        { cause: error },
      );
    }
    throw new MediaRefusedError('MEDIA_UNREADABLE', DAMAGED, {}, { cause: error });
  }
}

interface ProbeOutput {
  format?: { duration?: string };
  streams?: readonly {
    codec_type?: string;
    codec_name?: string;
    width?: number;
    height?: number;
    channels?: number;
    sample_rate?: string;
    duration?: string;
    side_data_list?: readonly { rotation?: number }[];
  }[];
}

/** Codecs by the names that the library of containers has for them. */
const CODECS: Readonly<Record<string, string>> = { h264: 'avc', hevc: 'hevc', pcm_s16le: 'pcm-s16' };

function readProbe({ format, streams = [] }: ProbeOutput): Probe {
  const [video, audio] = ['video', 'audio'].map((type) => streams.find(({ codec_type }) => codec_type === type));
  const seconds = Math.max(0, ...[format, ...streams].map((one) => Number(one?.duration ?? 0)).filter(Number.isFinite));
  const nameOf = (name = 'unknown'): string => CODECS[name] ?? name;
  const rotation = Math.abs(video?.side_data_list?.find((one) => one.rotation !== undefined)?.rotation ?? 0) % 180;
  const [width = 0, height = 0] = rotation === 90 ? [video?.height, video?.width] : [video?.width, video?.height];
  return {
    seconds,
    isWhole: true,
    ...(video && { video: { codec: nameOf(video.codec_name), width, height } }),
    ...(audio && {
      audio: {
        codec: nameOf(audio.codec_name),
        channels: audio.channels ?? 0,
        sampleRate: Number(audio.sample_rate ?? 0),
      },
    }),
  };
}
