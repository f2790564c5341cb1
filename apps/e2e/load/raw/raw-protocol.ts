import type { LoopOptions, LoopResult } from '../measure/closed-loop.ts';
import type { MixOptions, MixResult } from '../measure/mix.ts';

/** What the raw process is told. */
export type RawOrder =
  | { do: 'pair'; count: number }
  /** Companions that only receive; how many messages each has got is told again and again by {@link RawCount}. */
  | { do: 'receive'; count: number }
  | { do: 'run'; loop: LoopOptions }
  | { do: 'mix'; mix: MixOptions }
  | { do: 'stop' };

/** What it answers, one answer to each order, and `start` when it is ready for the first. */
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
