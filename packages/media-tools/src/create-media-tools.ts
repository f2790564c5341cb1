import { rm, stat, writeFile } from 'node:fs/promises';
import { convertAudio } from './audio/convert-audio.ts';
import { makeVoiceNote, VOICE_NOTE_TYPE } from './audio/voice-note.ts';
import { wholeSeconds } from './audio/waveform.ts';
import { createFfmpegTools } from './ffmpeg/ffmpeg.ts';
import { findFfmpeg } from './ffmpeg/find-ffmpeg.ts';
import { convertImage } from './images/convert-image.ts';
import { readImageHeader } from './images/open-image.ts';
import { isDecodedPicture, readablePicture } from './images/picture.ts';
import { makeProfilePicture } from './images/profile-picture.ts';
import { makeThumbnail } from './images/thumbnail.ts';
import { contradictionOf, type NamedAs } from './inspect/claim.ts';
import type { SniffedType } from './inspect/sniff-type.ts';
import { MAX_BYTES } from './max-bytes.ts';
import { MediaRefusedError } from './media-refused-error.ts';
import type { Converted, Inspection, MediaTools, RunOptions } from './media-tools.ts';
import type { MediaToolsEnvironment } from './media-tools-environment.ts';
import type { Probe } from './probe.ts';
import { createMediaReader } from './reader.ts';
import { createRunning } from './running.ts';
import { createSlots, type Slots } from './slots.ts';
import { STICKER_SIDE } from './stickers/frames.ts';
import { MAX_FRAMES, type MadeSticker, makeSticker, stickerOfFrames } from './stickers/make-sticker.ts';
import { readVideoFrames } from './stickers/video-frames.ts';
import { UnreadableError } from './thread/unreadable-error.ts';
import { convertVideo, thumbnailOfVideo, type VideoForm } from './video/convert-video.ts';

/** Headers that are read at once. They do not wait for conversions. */
const INSPECTIONS = 4;
const MB = 1024 * 1024;
/** No file that ffmpeg writes is larger: the frames of a sticker without compression are. */
const TOOL_FILE_BYTES = 128 * MB;

/**
 * The tools of a process.
 * @param path the variable PATH, on which ffmpeg is looked for
 * @throws {ConfigError} when `FFMPEG_DIR` names a folder without ffmpeg
 */
export function createMediaTools(environment: MediaToolsEnvironment, path = process.env.PATH): MediaTools {
  const programs = findFfmpeg(environment.FFMPEG_DIR, path);
  const timeoutMs = environment.MEDIA_CONVERSION_TIMEOUT_SECONDS * 1000;
  const limits = {
    timeoutMs,
    memoryBytes: environment.MEDIA_CONVERSION_MEMORY_MB * MB,
    fileBytes: TOOL_FILE_BYTES,
  };
  const ffmpeg = programs && createFfmpegTools(programs, limits);
  const reader = createMediaReader(ffmpeg);
  const running = createRunning();
  const conversions = createSlots(environment.MEDIA_CONVERSIONS);
  const inspections = createSlots(INSPECTIONS);

  function read<T>(options: RunOptions, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return inTurn(inspections, options, task);
  }

  /** What has failed leaves nothing at `out`. */
  function convert(
    out: string,
    options: RunOptions,
    task: (signal: AbortSignal) => Promise<Converted>,
  ): Promise<Converted> {
    return inTurn(conversions, options, async (signal) => {
      try {
        const made = await task(signal);
        signal.throwIfAborted();
        return made;
      } catch (error) {
        await rm(out, { force: true });
        throw error;
      }
    });
  }

  const inTurn = <T>(
    slots: Slots,
    { signal: given }: RunOptions,
    task: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> =>
    running.run(given, (signal) =>
      slots.run(signal, async () => {
        try {
          return await task(signal);
        } catch (error) {
          throw refusalOf(error);
        }
      }),
    );

  async function factsOf(path: string, mimetype: string, signal: AbortSignal): Promise<Partial<Inspection>> {
    if (isDecodedPicture(mimetype)) {
      const { shown, frames } = await readImageHeader(path);
      return { ...shown, ...(frames > 1 && { animated: true as const }) };
    }
    if (!isSoundOrVideo(mimetype)) return {};
    const { seconds, video, audio } = await reader.probe(path, mimetype, signal);
    const codec = video?.codec ?? audio?.codec;
    return {
      ...(seconds > 0 && { seconds }),
      ...(video && { width: video.width, height: video.height }),
      hasVideo: video !== undefined,
      hasAudio: audio !== undefined,
      ...(codec !== undefined && { codec }),
      // Containers of both; the bytes of the beginning do not tell what is inside.
      ...(!video && audio && mimetype.startsWith('video/') && { mimetype: mimetype.replace('video/', 'audio/') }),
    };
  }

  /** A sound or a video with its header; anything else is refused by the one who asked. */
  async function openSound(
    path: string,
    signal: AbortSignal,
  ): Promise<{ path: string; mimetype: string; probe: Probe }> {
    const { mimetype } = await reader.typeOf(path, undefined, signal);
    if (!isSoundOrVideo(mimetype)) return { path, mimetype, probe: { seconds: 0, isWhole: true } };
    const probe = await reader.probe(path, mimetype, signal);
    if (!probe.video && !probe.audio) {
      throw new MediaRefusedError(
        'MEDIA_UNREADABLE',
        `The file is ${mimetype}, but there is neither a picture nor a sound in it: it is damaged or cut off.`,
        { found: mimetype },
      );
    }
    if (!probe.isWhole) {
      throw new MediaRefusedError(
        'MEDIA_UNREADABLE',
        'The file was cut off: its header names more than there is. Send the whole file.',
      );
    }
    const isSound = !probe.video && probe.audio && mimetype.startsWith('video/');
    return { path, mimetype: isSound ? mimetype.replace('video/', 'audio/') : mimetype, probe };
  }

  async function factsOfVideo(path: string, mimetype: string, probe: Probe, signal: AbortSignal) {
    const { seconds, video } = probe;
    const thumbnail = ffmpeg && (await thumbnailOfVideo(path, seconds, ffmpeg, signal));
    return {
      mimetype,
      seconds: wholeSeconds(seconds),
      ...(video && { width: video.width, height: video.height }),
      ...(thumbnail && { thumbnail }),
    };
  }

  function convertToVideo(path: string, out: string, form: VideoForm, options: RunOptions): Promise<Converted> {
    return convert(out, options, async (signal) => {
      const { mimetype } = await reader.typeOf(path, undefined, signal);
      const isMoving = mimetype.startsWith('video/') || (form === 'gif' && mimetype === 'image/gif');
      if (!isMoving) throw noVideo(mimetype);
      const source = isMoving && mimetype === 'image/gif' ? await openGif(path, signal) : await openSound(path, signal);
      if (!source.probe.video) throw noVideo(source.mimetype);
      const converted = await convertVideo({ ...source, form }, out, ffmpeg, signal);
      if (!converted) {
        return { ...(await factsOfVideo(path, source.mimetype, source.probe, signal)), converted };
      }
      return {
        ...(await factsOfVideo(out, 'video/mp4', await reader.probe(out, 'video/mp4', signal), signal)),
        converted,
      };
    });
  }

  /** Its header is read by the library of pictures, its frames by ffmpeg. */
  async function openGif(path: string, signal: AbortSignal): Promise<{ path: string; mimetype: string; probe: Probe }> {
    const { shown, delays } = await readImageHeader(path);
    signal.throwIfAborted();
    const seconds = delays.reduce((sum, one) => sum + one, 0) / 1000;
    return { path, mimetype: 'image/gif', probe: { seconds, isWhole: true, video: { codec: 'gif', ...shown } } };
  }

  async function checkedType(path: string, named: NamedAs, signal: AbortSignal): Promise<SniffedType> {
    const type = await reader.typeOf(path, named.fileName, signal);
    const contradiction = contradictionOf(type.mimetype, named);
    if (contradiction === undefined) return type;
    throw new MediaRefusedError('MEDIA_TYPE_MISMATCH', contradiction, { found: type.mimetype });
  }

  /** Phones show the first picture of a document beside its name, if it has one. */
  async function asDocument(path: string, named: NamedAs, options: RunOptions): Promise<Converted> {
    const { mimetype, width, height, seconds } = await tools.inspect(path, named, options);
    const thumbnail = await tools.thumbnail(path, options);
    return {
      mimetype,
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      ...(seconds !== undefined && { seconds: wholeSeconds(seconds) }),
      ...(thumbnail && { thumbnail }),
      converted: false,
    };
  }

  const tools: MediaTools = {
    inspect(path, named: NamedAs = {}, options = {}) {
      return read(options, async (signal) => {
        const type = await checkedType(path, named, signal);
        try {
          return { ...type, ...(await factsOf(path, type.mimetype, signal)) };
        } catch (error) {
          // A damaged file may still be sent as a document. Who needs the facts refuses it.
          if (error instanceof MediaRefusedError || error instanceof UnreadableError) return type;
          throw error;
        }
      });
    },

    image(path, out, options = {}) {
      return convert(out, options, async (signal) => {
        const { mimetype } = await reader.typeOf(path, undefined, signal);
        return convertImage(await readablePicture(path, mimetype, ffmpeg, signal), out);
      });
    },

    video: (path, out, options = {}) => convertToVideo(path, out, 'plain', options),
    gif: (path, out, options = {}) => convertToVideo(path, out, 'gif', options),
    videoNote: (path, out, options = {}) => convertToVideo(path, out, 'note', options),

    audio(path, out, options = {}) {
      return convert(out, options, async (signal) => {
        const source = await openSound(path, signal);
        const made = await convertAudio(source, out, ffmpeg, { timeoutMs, signal });
        return {
          mimetype: made ?? source.mimetype,
          seconds: wholeSeconds(source.probe.seconds),
          converted: made !== undefined,
        };
      });
    },

    voiceNote(path, out, options = {}) {
      return convert(out, options, async (signal) => {
        const source = await openSound(path, signal);
        const { seconds, waveform, converted } = await makeVoiceNote(source, out, ffmpeg, { timeoutMs, signal });
        return { mimetype: VOICE_NOTE_TYPE, seconds: wholeSeconds(seconds), waveform, converted };
      });
    },

    sticker(path, out, { pack, ...options } = {}) {
      async function made(signal: AbortSignal): Promise<MadeSticker> {
        const { mimetype } = await reader.typeOf(path, undefined, signal);
        if (!mimetype.startsWith('video/')) {
          return makeSticker(await readablePicture(path, mimetype, ffmpeg, signal), pack);
        }
        const { probe, mimetype: found } = await openSound(path, signal);
        if (!probe.video) throw noVideo(found);
        if (!ffmpeg) {
          throw new MediaRefusedError(
            'MEDIA_TOOL_MISSING',
            'A sticker is made of a video with ffmpeg, which this installation lacks. Its operator can install it (docs/media-conversion.md); send a GIF or a WebP.',
            { found, tool: 'ffmpeg' },
          );
        }
        const draft = `${out}.frames`;
        const frames = await readVideoFrames(
          path,
          { seconds: probe.seconds, maxFrames: MAX_FRAMES, draft, signal },
          ffmpeg,
        );
        return stickerOfFrames(frames, pack);
      }
      return convert(out, options, async (signal) => {
        const { webp, animated } = await made(signal);
        if (webp) await writeFile(out, webp);
        return {
          mimetype: 'image/webp',
          width: STICKER_SIDE,
          height: STICKER_SIDE,
          ...(animated && { animated }),
          converted: webp !== undefined,
        };
      });
    },

    thumbnail(path, options = {}) {
      return read(options, async (signal) => {
        const { mimetype } = await reader.typeOf(path, undefined, signal);
        try {
          if (isDecodedPicture(mimetype)) {
            await readImageHeader(path);
            return await makeThumbnail(path);
          }
          if (!mimetype.startsWith('video/') || !ffmpeg) return undefined;
          const { seconds } = await reader.probe(path, mimetype, signal);
          return await thumbnailOfVideo(path, seconds, ffmpeg, signal);
        } catch (error) {
          if (error instanceof MediaRefusedError || error instanceof UnreadableError) return undefined;
          throw error;
        }
      });
    },

    profilePicture(path, options = {}) {
      return read(options, async (signal) => {
        const { mimetype } = await reader.typeOf(path, undefined, signal);
        if (!isDecodedPicture(mimetype))
          throw new MediaRefusedError(
            'MEDIA_TYPE_MISMATCH',
            `A picture is needed here, and this is ${mimetype}: give a JPEG, PNG, WebP or GIF.`,
            { mimetype },
          );
        return await makeProfilePicture(path);
      });
    },

    async prepare(purpose, path, out, named = {}, options = {}) {
      const made =
        purpose === 'document'
          ? await asDocument(path, named, options)
          : await read(options, (signal) => checkedType(path, named, signal)).then(() =>
              tools[METHODS[purpose]](path, out, options),
            );
      const { size } = await stat(made.converted ? out : path);
      const maxBytes = MAX_BYTES[purpose];
      if (size <= maxBytes) return made;
      await rm(out, { force: true });
      throw new MediaRefusedError(
        'MEDIA_TOO_LARGE',
        `The file has ${size} bytes. WhatsApp takes at most ${maxBytes} of this kind: send a smaller one, or send it as a document.`,
        { maxBytes, size },
      );
    },

    close: () => running.end(),
  };
  return tools;
}

/** The conversions by purpose. */
const METHODS = {
  image: 'image',
  video: 'video',
  gif: 'gif',
  videoNote: 'videoNote',
  audio: 'audio',
  voice: 'voiceNote',
  sticker: 'sticker',
} as const;

const isSoundOrVideo = (mimetype: string): boolean =>
  /^(?:audio|video)\//.test(mimetype) || mimetype === 'application/ogg' || mimetype === 'application/vnd.rn-realmedia';

const noVideo = (found: string): MediaRefusedError =>
  new MediaRefusedError('MEDIA_TYPE_MISMATCH', `A video is wanted here, but the file is ${found}.`, { found });

/** What a library says of a file is not for callers. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof UnreadableError)) return error;
  return new MediaRefusedError(
    'MEDIA_UNREADABLE',
    'The file cannot be read: it is damaged, cut off or of a format that is not supported.',
    {},
    { cause: error },
  );
}
