import type { FfmpegTools } from '../ffmpeg/ffmpeg.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import type { Probe } from '../probe.ts';
import { isPcm } from '../thread/pcm.ts';
import { runInThread, type ThreadOptions } from '../thread/run-in-thread.ts';
import type { Sound } from '../thread/tasks.ts';
import { WaveformMeter } from './waveform.ts';

/** The type that iPhones want word for word. */
export const VOICE_NOTE_TYPE = 'audio/ogg; codecs=opus';
/** Of the sound that the waveform is made of, Hz. */
const HEARD_RATE = 16_000;

export interface VoiceNoteSource {
  path: string;
  /** Type of the bytes. */
  mimetype: string;
  probe: Probe;
}

/**
 * Any sound as Ogg/Opus with one channel at 48 kHz. One that is so already is left alone.
 * @param out where it is written
 */
export async function makeVoiceNote(
  { path, mimetype, probe }: VoiceNoteSource,
  out: string,
  ffmpeg: FfmpegTools | undefined,
  thread: ThreadOptions,
): Promise<Sound & { converted: boolean }> {
  const { audio } = probe;
  if (!audio) {
    throw new MediaRefusedError(
      'MEDIA_TYPE_MISMATCH',
      `A voice note needs a sound; the file is ${mimetype} without one.`,
      {
        found: mimetype,
      },
    );
  }
  const isOpus = audio.codec === 'opus';
  if (isOpus && mimetype === VOICE_NOTE_TYPE && audio.channels === 1 && !probe.video) {
    return { ...(await runInThread('measureOpus', { path }, thread)), converted: false };
  }
  if (ffmpeg) return { ...(await byFfmpeg(ffmpeg, path, out, thread.signal)), converted: true };
  if (isPcm(audio.codec) || (isOpus && /^(?:audio|video)\/(?:ogg|webm|matroska)/.test(mimetype))) {
    const source = isOpus ? 'opus' : 'pcm';
    return { ...(await runInThread('encodeOpus', { path, out, source }, thread)), converted: true };
  }
  throw new MediaRefusedError(
    'MEDIA_TOOL_MISSING',
    `A voice note is made of ${mimetype} with ffmpeg, which this installation lacks. Its operator can install it (docs/media-conversion.md); Ogg/Opus and WAV are accepted without.`,
    { found: mimetype, tool: 'ffmpeg' },
  );
}

/** One run writes the note and, to its output, the sound that is measured. */
async function byFfmpeg(ffmpeg: FfmpegTools, path: string, out: string, signal: AbortSignal): Promise<Sound> {
  const meter = new WaveformMeter();
  const samples = createSampleReader((one) => meter.add(one));
  const sound = ['-map', '0:a:0', '-map_metadata', '-1', '-ac', '1'];
  const opus = ['-c:a', 'libopus', '-b:a', '32k', '-application', 'voip', '-frame_duration', '20'];
  await ffmpeg.convert(
    path,
    [
      ...[...sound, '-ar', '48000', ...opus, '-avoid_negative_ts', 'make_zero', '-f', 'ogg', `file:${out}`],
      ...[...sound, '-ar', String(HEARD_RATE), '-f', 's16le', 'pipe:1'],
    ],
    { signal, onOutput: samples },
  );
  if (meter.samples === 0) {
    throw new MediaRefusedError(
      'MEDIA_UNREADABLE',
      'The file has no sound that can be decoded: it is damaged or cut off.',
    );
  }
  return { seconds: meter.samples / HEARD_RATE, waveform: meter.finish() };
}

/** Chunks end anywhere, also in the middle of a sample. */
function createSampleReader(use: (samples: Int16Array) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 2);
    const samples = new Int16Array(whole / 2);
    for (let index = 0; index < samples.length; index++) samples[index] = bytes.readInt16LE(2 * index);
    use(samples);
    rest = Buffer.from(bytes.subarray(whole));
  };
}
