import type { Point } from './points.ts';

/** A connection that was free: nobody has waited for it. */
const NO_WAIT_MS = 0.5;

/**
 * The points of all processes between two moments, by time, with `answers` as an index into the same array. Connections
 * that were free are left out.
 */
export function cutWindow(recordings: readonly (readonly Point[])[], from: number, to: number): Point[] {
  const taken = recordings.flatMap((points, recording) => {
    const first = lowerBound(points, from);
    const found: { point: Point; recording: number; index: number }[] = [];
    const free = new Set<number>();
    for (let index = first; index < points.length && points[index]!.at <= to; index++) {
      const point = points[index]!;
      const { kind, answers, at } = point;
      if (kind === 'pool' && answers !== undefined && answers >= first && at - points[answers]!.at < NO_WAIT_MS) {
        free.add(index).add(answers);
      }
      found.push({ point, recording, index });
    }
    return found.filter(({ index }) => !free.has(index));
  });
  taken.sort((a, b) => a.point.at - b.point.at);
  const places = new Map(taken.map(({ recording, index }, place) => [`${recording}/${index}`, place]));
  return taken.map(({ point: { answers, ...point }, recording }) => {
    const place = answers === undefined ? undefined : places.get(`${recording}/${answers}`);
    return place === undefined ? point : { ...point, answers: place };
  });
}

/** Index of the first point that is not earlier. Points of one process are in the order of time. */
function lowerBound(points: readonly Point[], at: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
