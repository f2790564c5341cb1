import type { LoopOptions, LoopResult } from '../measure/closed-loop.ts';
import type { MixOptions, MixResult } from '../measure/mix.ts';

/** The orders to the raw process. */
export type RawOrder =
  | { do: 'pair'; count: number }
  /** Companions that only receive; {@link RawCount} reports the messages of each repeatedly. */
  | { do: 'receive'; count: number }
  | { do: 'run'; loop: LoopOptions }
  | { do: 'mix'; mix: MixOptions }
  | { do: 'stop' };

/** Its answers, one to each order, and `start` when it is ready for the first. */
export type RawReport =
  | { done: 'start' | 'pair' | 'stop' }
  | { done: 'receive'; lines: { from: string; to: string }[] }
  | { done: 'run'; result: LoopResult }
  | { done: 'mix'; result: MixResult }
  | { done: 'failed'; reason: string };

/** Not an answer: messages that have come to each receiving companion so far. */
export interface RawCount {
  arrived: number[];
}
