/** Values of a waveform, as WhatsApp's clients draw them. */
export const WAVEFORM_LENGTH = 64;
const LOUDEST = 100;
/** Buckets that are kept, whatever the length of the sound. */
const BUCKETS = 4096;

/**
 * The waveform of a sound that passes by: the mean of the absolute samples of each 64th part, where the loudest part is
 * 100. Its memory does not depend on the length: when all buckets are taken, each two become one.
 */
export class WaveformMeter {
  readonly #sums = new Float64Array(BUCKETS);
  #samplesPerBucket = 8;
  #bucket = 0;
  #inBucket = 0;
  #count = 0;

  /** Samples so far. */
  get samples(): number {
    return this.#count;
  }

  /** @param samples of one channel, in any scale as long as it stays the same */
  add(samples: Int16Array | Float32Array): void {
    for (const sample of samples) {
      if (this.#inBucket === this.#samplesPerBucket) this.#nextBucket();
      this.#sums[this.#bucket]! += Math.abs(sample);
      this.#inBucket++;
    }
    this.#count += samples.length;
  }

  #nextBucket(): void {
    this.#inBucket = 0;
    if (++this.#bucket < BUCKETS) return;
    for (let index = 0; index < BUCKETS / 2; index++) {
      this.#sums[index] = this.#sums[2 * index]! + this.#sums[2 * index + 1]!;
    }
    this.#sums.fill(0, BUCKETS / 2);
    this.#samplesPerBucket *= 2;
    this.#bucket = BUCKETS / 2;
  }

  /** 64 values, 0 to 100. All are 0 when nothing was to be heard. */
  finish(): Uint8Array {
    const means = Array.from({ length: WAVEFORM_LENGTH }, (_, index) => this.#meanOfPart(index));
    const loudest = Math.max(...means);
    // NaN and infinity, which floating point sounds can contain, count as silence.
    if (!Number.isFinite(loudest) || loudest <= 0) return new Uint8Array(WAVEFORM_LENGTH);
    return Uint8Array.from(means, (mean) => Math.round((LOUDEST * mean) / loudest));
  }

  /** A part that is shorter than a bucket has the mean of that bucket. */
  #meanOfPart(part: number): number {
    const length = this.#count / this.#samplesPerBucket;
    const from = Math.floor((part * length) / WAVEFORM_LENGTH);
    const to = Math.max(from + 1, Math.floor(((part + 1) * length) / WAVEFORM_LENGTH));
    let sum = 0;
    for (let index = from; index < Math.min(to, BUCKETS); index++) sum += this.#sums[index]!;
    return sum / (to - from);
  }
}

/** Seconds as messages have them: whole, and never 0, which clients show as a broken file. */
export const wholeSeconds = (seconds: number): number => Math.max(1, Math.round(seconds));
