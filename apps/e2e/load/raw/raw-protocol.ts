import type { LoopOptions, LoopResult } from '../measure/closed-loop.ts';

/** What the raw process is told. */
export type RawOrder = { do: 'pair'; count: number } | { do: 'run'; loop: LoopOptions } | { do: 'stop' };

/** What it answers, one answer to each order, and `start` when it is ready for the first. */
export type RawReport =
  | { done: 'start' | 'pair' | 'stop' }
  | { done: 'run'; result: LoopResult }
  | { done: 'failed'; reason: string };
