import sharp from 'sharp';

export interface PictureOptions {
  width?: number;
  height?: number;
  /** Of EXIF, 1 to 8. */
  orientation?: number;
}

/** Half red, half blue, so that one sees how it is turned: red is on the left of the stored pixels. */
export function picture({ width = 300, height = 200, orientation }: PictureOptions = {}) {
  const half = { width: Math.ceil(width / 2), height, channels: 3 as const };
  const image = sharp({ create: { width, height, channels: 3, background: '#0000ff' } }).composite([
    { input: { create: { ...half, background: '#ff0000' } }, left: 0, top: 0 },
  ]);
  return orientation === undefined ? image : image.withMetadata({ orientation });
}

/** A red square in the middle of nothing. */
export function transparentPicture(side = 200) {
  const middle = { width: side / 2, height: side / 2, channels: 4 as const, background: '#ff0000ff' };
  return sharp({ create: { width: side, height: side, channels: 4, background: '#00000000' } }).composite([
    { input: { create: middle } },
  ]);
}

/** Every pixel by chance: no encoder makes it small. */
export function noise(side: number, frames = 1) {
  const channels = 4;
  const pixels = Buffer.alloc(side * side * frames * channels);
  let state = 1;
  for (let at = 0; at < pixels.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    pixels[at] = state >>> 24;
  }
  return sharp(pixels, { raw: { width: side, height: side * frames, channels, pageHeight: side } });
}

export interface AnimationOptions {
  frames: number;
  side?: number;
  delayMs?: number;
}

/** A square that moves from the top to the bottom over nothing. */
export function animation({ frames, side = 128, delayMs = 100 }: AnimationOptions) {
  const channels = 4;
  const pixels = Buffer.alloc(side * side * frames * channels);
  const size = Math.floor(side / 4);
  for (let frame = 0; frame < frames; frame++) {
    const top = Math.floor((frame * (side - size)) / Math.max(1, frames - 1));
    for (let y = top; y < top + size; y++) {
      for (let x = 0; x < size; x++) {
        pixels.set([255, 64, 0, 255], ((frame * side + y) * side + x) * channels);
      }
    }
  }
  const raw = { width: side, height: side * frames, channels: 4 as const, pageHeight: side };
  const delay = Array.from({ length: frames }, () => delayMs);
  return { image: sharp(pixels, { raw }), delay };
}
