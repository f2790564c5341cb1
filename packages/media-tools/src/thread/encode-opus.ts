import { writeFile } from 'node:fs/promises';
import { ALL_FORMATS, EncodedPacketSink, FilePathSource, Input } from 'mediabunny';
import { WaveformMeter } from '../audio/waveform.ts';
import { decodeOpus, type Piece } from './decode-opus.ts';
import { type Libav, type LibavFrame, loadLibav } from './libav.ts';
import { monoSamples } from './pcm.ts';
import type { MediaTasks, Sound } from './tasks.ts';
import { UnreadableError } from './unreadable-error.ts';

const RATE = 48_000;
const BIT_RATE = 32_000;
/** `AV_CH_LAYOUT_MONO`. */
const MONO = 4;
const OUT = 'out.ogg';

/** Writes a voice note: Ogg/Opus, mono, 48 kHz, frames of 20 ms. */
export async function encodeOpus({ path, out, source }: MediaTasks['encodeOpus']['input']): Promise<Sound> {
  const libav = await loadLibav();
  const encoder = await createEncoder(libav);
  const meter = new WaveformMeter();
  let seconds = 0;
  for await (const piece of source === 'pcm' ? readPcm(path) : decodeOpus(libav, path)) {
    meter.add(piece.samples);
    seconds += piece.samples.length / piece.sampleRate;
    await encoder.add(piece);
  }
  if (meter.samples === 0) throw new UnreadableError('it has no sound');
  await writeFile(out, await encoder.finish());
  return { seconds, waveform: meter.finish() };
}

async function* readPcm(path: string): AsyncGenerator<Piece> {
  const input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(path) });
  try {
    const track = await input.getPrimaryAudioTrack();
    const codec = await track?.getCodec();
    if (!track || !codec) throw new UnreadableError('it has no sound');
    const [channels, sampleRate] = [await track.getNumberOfChannels(), await track.getSampleRate()];
    for await (const packet of new EncodedPacketSink(track).packets()) {
      yield { samples: monoSamples(packet, codec, channels), sampleRate };
    }
  } finally {
    input.dispose();
  }
}

interface OpusEncoder {
  add(piece: Piece): Promise<void>;
  /** The bytes of the file. */
  finish(): Promise<Uint8Array>;
}

/** The encoder takes frames of one length at one rate, so a filter is before it. */
async function createEncoder(libav: Libav): Promise<OpusEncoder> {
  const [, encoder, frame, packet, frameSize] = await libav.ff_init_encoder('libopus', {
    ctx: {
      bit_rate: BIT_RATE,
      sample_fmt: libav.AV_SAMPLE_FMT_S16,
      sample_rate: RATE,
      channel_layout: MONO,
      channels: 1,
    },
    time_base: [1, RATE],
    options: { application: 'voip' },
  });
  const [muxer, , file] = await libav.ff_init_muxer({ filename: OUT, open: true }, [[encoder, 1, RATE]]);
  await libav.avformat_write_header(muxer, 0);
  let filter: { source: number; sink: number } | undefined;
  let position = 0;

  async function openFilter(sampleRate: number): Promise<{ source: number; sink: number }> {
    const [, source, sink] = await libav.ff_init_filter_graph(
      'aresample',
      { sample_rate: sampleRate, sample_fmt: libav.AV_SAMPLE_FMT_FLTP, channel_layout: MONO },
      { sample_rate: RATE, sample_fmt: libav.AV_SAMPLE_FMT_S16, channel_layout: MONO, frame_size: frameSize },
    );
    return { source, sink };
  }

  async function encode(frames: readonly LibavFrame[], isLast: boolean): Promise<void> {
    const packets = await libav.ff_encode_multi(encoder, frame, packet, frames, isLast);
    await libav.ff_write_multi(muxer, packet, packets);
  }

  return {
    async add({ samples, sampleRate }) {
      filter ??= await openFilter(sampleRate);
      const given: LibavFrame = {
        data: [samples],
        format: libav.AV_SAMPLE_FMT_FLTP,
        sample_rate: sampleRate,
        nb_samples: samples.length,
        channel_layout: MONO,
        channels: 1,
        pts: position,
        ptshi: 0,
      };
      position += samples.length;
      await encode(await libav.ff_filter_multi(filter.source, filter.sink, frame, [given], false), false);
    },
    async finish() {
      if (filter) await encode(await libav.ff_filter_multi(filter.source, filter.sink, frame, [], true), true);
      await libav.av_write_trailer(muxer);
      await libav.ff_free_muxer(muxer, file);
      return libav.readFile(OUT);
    },
  };
}
