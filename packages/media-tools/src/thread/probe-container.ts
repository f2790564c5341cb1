import {
  ALL_FORMATS,
  EncodedPacketSink,
  FilePathSource,
  FLAC,
  Input,
  type InputAudioTrack,
  type InputTrack,
  type InputVideoTrack,
} from 'mediabunny';
import type { AudioTrack, Probe, VideoTrack } from '../probe.ts';
import { UnreadableError } from './unreadable-error.ts';

/** Without FLAC: a damaged one can keep the library (1.61.0) busy for ever. */
const FORMATS = ALL_FORMATS.filter((format) => format !== FLAC);

/**
 * Reads the header of MP4, QuickTime, 3GP, WebM, Matroska, Ogg, MP3, WAV, AIFF and ADTS, and the last samples.
 * @returns `null` for other containers
 */
export async function probeContainer(path: string): Promise<Probe | null> {
  const input = new Input({ formats: FORMATS, source: new FilePathSource(path) });
  try {
    if (!(await input.canRead())) return null;
    const [video, audio] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()];
    const tracks = [video, audio].filter((track) => track !== null);
    const ends = await Promise.all(tracks.map((track) => endOf(track)));
    return {
      seconds: Math.max(0, ...ends.map(({ seconds }) => seconds)),
      isWhole: ends.every(({ isWhole }) => isWhole),
      ...(video && { video: await describeVideo(video) }),
      ...(audio && { audio: await describeAudio(audio) }),
    };
  } catch (error) {
    throw new UnreadableError((error as Error).message, { cause: error });
  } finally {
    input.dispose();
  }
}

/** The end of a track, and whether its last sample is in the file. */
async function endOf(track: InputTrack): Promise<{ seconds: number; isWhole: boolean }> {
  const sink = new EncodedPacketSink(track);
  const last = await sink.getPacket(Number.POSITIVE_INFINITY, { metadataOnly: true });
  if (last === null) return { seconds: 0, isWhole: false };
  const read = await sink.getPacket(Number.POSITIVE_INFINITY).catch(() => null);
  return {
    seconds: last.timestamp + last.duration,
    isWhole: read !== null && read.data.byteLength === last.byteLength,
  };
}

async function describeVideo(track: InputVideoTrack): Promise<VideoTrack> {
  const codecString = await track.getCodecParameterString();
  return {
    codec: (await track.getCodec()) ?? 'unknown',
    ...(codecString !== null && { codecString }),
    width: await track.getDisplayWidth(),
    height: await track.getDisplayHeight(),
  };
}

async function describeAudio(track: InputAudioTrack): Promise<AudioTrack> {
  return {
    codec: (await track.getCodec()) ?? 'unknown',
    channels: await track.getNumberOfChannels(),
    sampleRate: await track.getSampleRate(),
  };
}
