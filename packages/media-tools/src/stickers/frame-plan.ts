/** A frame that is kept, and how long it is shown. */
export interface PlannedFrame {
  /** Index in the source. */
  index: number;
  delayMs: number;
}

/** Clients stop an animation after this. */
export const MAX_STICKER_MS = 10_000;
/** Shortest time that clients show a frame for. */
const MIN_DELAY_MS = 8;

/**
 * Which frames of an animation become a sticker: not longer than clients play it, and at most so many. Frames are
 * dropped evenly over the time; the time of a dropped one goes to the frame before it.
 * @param delays of the source, in ms
 */
export function planFrames(delays: readonly number[], maxFrames: number): PlannedFrame[] {
  const whole = cutAfter(delays, MAX_STICKER_MS);
  const total = whole.reduce((sum, delay) => sum + delay, 0);
  const isFew = whole.length <= maxFrames;
  const planned: PlannedFrame[] = [];
  let at = 0;
  let slot = -1;
  for (const [index, delayMs] of whole.entries()) {
    const own = isFew ? index : Math.floor((at * maxFrames) / total);
    const last = planned.at(-1);
    if (last && own === slot) last.delayMs += delayMs;
    else planned.push({ index, delayMs });
    slot = own;
    at += delayMs;
  }
  return planned;
}

function cutAfter(delays: readonly number[], maxMs: number): number[] {
  const kept: number[] = [];
  let at = 0;
  for (const delay of delays) {
    if (at >= maxMs) break;
    const shown = Math.min(Math.max(delay, MIN_DELAY_MS), maxMs - at);
    kept.push(shown);
    at += shown;
  }
  return kept;
}
