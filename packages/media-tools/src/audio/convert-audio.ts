import { stat } from 'node:fs/promises';
import type { FfmpegTools } from '../ffmpeg/ffmpeg.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { isPcm } from '../thread/pcm.ts';
import { runInThread, type ThreadOptions } from '../thread/run-in-thread.ts';
import { VOICE_NOTE_TYPE, type VoiceNoteSource } from './voice-note.ts';

/** What WhatsApp accepts of a sound that it plays. */
const AUDIO_BYTES = 16 * 1024 * 1024;

/** What phones play, by type and codec. */
const PLAYED: Readonly<Record<string, readonly string[]>> = {
  'audio/mpeg': ['mp3'],
  'audio/mp4': ['aac'],
  'audio/aac': ['aac'],
  'audio/amr': ['amr'],
  [VOICE_NOTE_TYPE]: ['opus'],
};

/**
 * Writes a sound that phones do not play as AAC in MP4, or as Opus where ffmpeg is missing.
 * @returns the type of what was written, `undefined` when nothing had to be
 */
export async function convertAudio(
  { path, mimetype, probe }: VoiceNoteSource,
  out: string,
  ffmpeg: FfmpegTools | undefined,
  thread: ThreadOptions,
): Promise<string | undefined> {
  const { audio } = probe;
  if (!audio || !mimetype.startsWith('audio/')) {
    throw new MediaRefusedError('MEDIA_TYPE_MISMATCH', `A sound is wanted here, but the file is ${mimetype}.`, {
      found: mimetype,
    });
  }
  if (PLAYED[mimetype]?.includes(audio.codec)) return undefined;
  if (ffmpeg) {
    const codec = ['-c:a', 'aac', '-b:a', '128k', '-ac', String(Math.min(2, Math.max(1, audio.channels)))];
    await ffmpeg.convert(
      path,
      [
        ...['-map', '0:a:0', '-map_metadata', '-1', ...codec],
        ...['-movflags', '+faststart', '-fs', String(AUDIO_BYTES), '-f', 'mp4', `file:${out}`],
      ],
      { signal: thread.signal },
    );
    // A file that reaches the limit was cut there.
    if ((await stat(out)).size >= AUDIO_BYTES * 0.99) throw tooLong();
    return 'audio/mp4';
  }
  if (isPcm(audio.codec) || (audio.codec === 'opus' && mimetype === 'audio/webm')) {
    const source = audio.codec === 'opus' ? 'opus' : 'pcm';
    await runInThread('encodeOpus', { path, out, source }, thread);
    return VOICE_NOTE_TYPE;
  }
  throw new MediaRefusedError(
    'MEDIA_TOOL_MISSING',
    `Phones play MP3, M4A, AAC, AMR and Ogg/Opus; this is ${audio.codec} in ${mimetype}. It is converted with ffmpeg, which this installation lacks. Its operator can install it (docs/media-conversion.md); send another format, or send it as a document.`,
    { found: mimetype, tool: 'ffmpeg' },
  );
}

const tooLong = (): MediaRefusedError =>
  new MediaRefusedError(
    'MEDIA_TOO_LARGE',
    `The sound is too long to be sent in ${AUDIO_BYTES / 1024 / 1024} MB. Send a shorter one, or send it as a document.`,
    { maxBytes: AUDIO_BYTES },
  );
