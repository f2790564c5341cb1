import {
  BufferTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  Output,
  WebMOutputFormat,
} from 'mediabunny';

export interface VideoOptions {
  seconds: number;
  width?: number;
  height?: number;
  /** Degrees, as a phone writes it that was held upright. */
  rotation?: 0 | 90 | 180 | 270;
  container?: 'mp4' | 'webm';
}

const PER_SECOND = 10;
/** The header of an H.264 stream: main profile, 8 bits, 4:2:0. */
const AVCC = Buffer.from('014d4029ffe10016274d4029a9180f0044fcb8035010101b6c2b5ef7c0400100', 'hex');
const PPS = Buffer.from('0428de09c8', 'hex');

/** A file with the header of a video. Its pictures are no pictures: nothing here decodes them. */
export async function video({
  seconds,
  width = 640,
  height = 360,
  rotation = 0,
  container = 'mp4',
}: VideoOptions): Promise<Buffer> {
  const isMp4 = container === 'mp4';
  const target = new BufferTarget();
  const format = isMp4 ? new Mp4OutputFormat({ fastStart: 'in-memory' }) : new WebMOutputFormat();
  const output = new Output({ format, target });
  const source = new EncodedVideoPacketSource(isMp4 ? 'avc' : 'vp9');
  output.addVideoTrack(source, { rotation, frameRate: PER_SECOND });
  await output.start();
  const decoderConfig = isMp4
    ? { codec: 'avc1.4d4029', codedWidth: width, codedHeight: height, description: Buffer.concat([AVCC, PPS]) }
    : { codec: 'vp09.00.10.08', codedWidth: width, codedHeight: height };
  for (let frame = 0; frame < seconds * PER_SECOND; frame++) {
    const packet = new EncodedPacket(
      new Uint8Array(2000).fill(frame),
      frame === 0 ? 'key' : 'delta',
      frame / PER_SECOND,
      1 / PER_SECOND,
    );
    await source.add(packet, { decoderConfig });
  }
  await output.finalize();
  return Buffer.from(target.buffer!);
}
