import libavjs from '@libav.js/variant-opus-af';

/** The libraries of FFmpeg as WebAssembly with Ogg, WebM and Opus. A thread has one instance, and ends with it. */
export async function loadLibav(): Promise<Libav> {
  return (await libavjs.LibAV({ noworker: true, nothreads: true })) as unknown as Libav;
}

/** What is used of it. Numbers are addresses in its memory. */
export interface Libav {
  AV_SAMPLE_FMT_S16: number;
  AV_SAMPLE_FMT_FLTP: number;
  AVERROR_EOF: number;
  AVMEDIA_TYPE_AUDIO: number;
  EAGAIN: number;
  writeFile(name: string, data: Uint8Array): Promise<void>;
  readFile(name: string): Promise<Uint8Array>;
  mkblockreaderdev(name: string, size: number): Promise<void>;
  ff_block_reader_dev_send(name: string, position: number, data: Uint8Array): Promise<void>;
  onblockread?: (name: string, position: number, length: number) => void;
  ff_init_demuxer_file(name: string): Promise<[number, LibavStream[]]>;
  ff_init_decoder(codec: number, parameters: number): Promise<[number, number, number, number]>;
  ff_read_frame_multi(
    context: number,
    packet: number,
    options: { limit: number },
  ): Promise<[number, Record<number, LibavPacket[]>]>;
  ff_decode_multi(
    decoder: number,
    packet: number,
    frame: number,
    packets: readonly LibavPacket[],
    options: { fin: boolean; ignoreErrors: boolean },
  ): Promise<LibavFrame[]>;
  ff_init_filter_graph(description: string, input: LibavSound, output: LibavSound): Promise<[number, number, number]>;
  ff_filter_multi(
    source: number,
    sink: number,
    frame: number,
    frames: readonly LibavFrame[],
    isLast: boolean,
  ): Promise<LibavFrame[]>;
  ff_init_encoder(
    name: string,
    options: { ctx: object; time_base: [number, number]; options?: Record<string, string> },
  ): Promise<[number, number, number, number, number]>;
  ff_encode_multi(
    encoder: number,
    frame: number,
    packet: number,
    frames: readonly LibavFrame[],
    isLast: boolean,
  ): Promise<LibavPacket[]>;
  ff_init_muxer(
    options: { filename: string; open: boolean },
    streams: [number, number, number][],
  ): Promise<[number, number, number, number[]]>;
  avformat_write_header(muxer: number, options: number): Promise<number>;
  ff_write_multi(muxer: number, packet: number, packets: readonly LibavPacket[]): Promise<void>;
  av_write_trailer(muxer: number): Promise<number>;
  ff_free_muxer(muxer: number, file: number): Promise<void>;
}

interface LibavSound {
  sample_rate: number;
  sample_fmt: number;
  channel_layout: number;
  frame_size?: number;
}

export interface LibavStream {
  index: number;
  codec_type: number;
  codec_id: number;
  codecpar: number;
}

export interface LibavPacket {
  data: Uint8Array;
}

export interface LibavFrame {
  /** One array per channel when the format is planar, else one array. */
  data: Int16Array | Float32Array | readonly (Int16Array | Float32Array)[];
  format: number;
  sample_rate: number;
  nb_samples: number;
  channel_layout: number;
  channels?: number;
  pts: number;
  ptshi?: number;
}
