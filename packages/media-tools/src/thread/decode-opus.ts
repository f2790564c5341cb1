import { open } from 'node:fs/promises';
import type { Libav, LibavFrame } from './libav.ts';
import { UnreadableError } from './unreadable-error.ts';

/** A piece of a sound: one channel, -1 to 1. */
export interface Piece {
  samples: Float32Array;
  /** Hz. */
  sampleRate: number;
}

const IN = 'in';
/** Bytes of packets per round. */
const ROUND = 64 * 1024;
const INT16 = 32_768;

/** Decodes the first sound of an Ogg or WebM file, a round at a time. */
export async function* decodeOpus(libav: Libav, path: string): AsyncGenerator<Piece> {
  const file = await open(path);
  try {
    await libav.mkblockreaderdev(IN, (await file.stat()).size);
    libav.onblockread = (name, position, length) => {
      void file
        .read(Buffer.alloc(length), 0, length, position)
        .then(({ bytesRead, buffer }) =>
          libav.ff_block_reader_dev_send(name, position, new Uint8Array(buffer.subarray(0, bytesRead))),
        );
    };
    const [context, streams] = await libav.ff_init_demuxer_file(IN).catch((error: Error) => {
      throw new UnreadableError(error.message, { cause: error });
    });
    const stream = streams.find(({ codec_type }) => codec_type === libav.AVMEDIA_TYPE_AUDIO);
    if (!stream) throw new UnreadableError('it has no sound');
    const [, decoder, packet, frame] = await libav.ff_init_decoder(stream.codec_id, stream.codecpar);
    for (let isOver = false; !isOver; ) {
      const [result, packets] = await libav.ff_read_frame_multi(context, packet, { limit: ROUND });
      isOver = result === libav.AVERROR_EOF;
      if (!isOver && result !== 0 && result !== -libav.EAGAIN) throw new UnreadableError(`reading failed (${result})`);
      const frames = await libav.ff_decode_multi(decoder, packet, frame, packets[stream.index] ?? [], {
        fin: isOver,
        ignoreErrors: true,
      });
      for (const one of frames) yield { samples: monoOf(one), sampleRate: one.sample_rate };
    }
  } finally {
    await file.close();
  }
}

/** The mean of all channels. */
function monoOf({ data, nb_samples, channels = 1 }: LibavFrame): Float32Array {
  const mono = new Float32Array(nb_samples);
  const planes = Array.isArray(data) ? (data as readonly (Int16Array | Float32Array)[]) : null;
  const interleaved = planes ? null : (data as Int16Array | Float32Array);
  const width = planes ? planes.length : channels;
  const scale = width * ((planes?.[0] ?? interleaved) instanceof Int16Array ? INT16 : 1);
  for (let index = 0; index < nb_samples; index++) {
    let sum = 0;
    for (let channel = 0; channel < width; channel++) {
      sum += planes ? planes[channel]![index]! : interleaved![index * width + channel]!;
    }
    mono[index] = sum / scale;
  }
  return mono;
}
