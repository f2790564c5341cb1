/** What a process was doing at a point. */
export type PointKind = 'statement' | 'pool' | 'redis' | 'http' | 'frame' | 'timer';

/**
 * One instant in one process. `out`: the process has sent a request or a message. `in`: an answer or a message has
 * arrived, and the code of the process continues.
 */
export interface Point {
  /** Milliseconds by the monotonic clock, which all processes of a machine share. */
  at: number;
  process: string;
  kind: PointKind;
  side: 'out' | 'in';
  /** The observation, without the parts that differ between two messages. */
  name: string;
  /** Of an `in`: the index of the `out` in the same process that it answers. */
  answers?: number;
  /** Of an `in` from another process: what the `out` there has to have in common with it. */
  match?: string;
}

/** The recording of one process. */
export interface RecordedProcess {
  cpuMs: number;
  /** Of the time, in which the event loop was not waiting. */
  busyShare: number;
  /** What timers of the event loop were late: its stalls, and the wait for a processor. */
  lateMs: { p50: number; p99: number; max: number };
  /** Time in garbage collections. */
  collectingMs: number;
  points: Point[];
}

/** A path without what differs between two messages: ids, names with digits, the query. */
export function nameRoute(method: string, path: string): string {
  const parts = path
    .split('?', 1)[0]!
    .split('/')
    .map((part) => (/\d/.test(part) && !/^v\d+$/.test(part) ? ':id' : part));
  return `${method} ${parts.join('/')}`;
}

/** A frame of a control stream by its type, any other one by what it is. */
export function nameFrame(data: unknown): { name: string; match: string } {
  const text =
    typeof data === 'string' ? data : Buffer.isBuffer(data) && data[0] === 0x7b ? data.toString() : undefined;
  const type = text?.startsWith('{') ? /"type":\s*"([^"]+)"/.exec(text)?.[1] : undefined;
  if (type !== undefined) return { name: `control frame "${type}"`, match: `control ${type} ${text!.length}` };
  const { byteLength = 0 } = data as { byteLength?: number };
  return { name: 'WhatsApp frame', match: `WhatsApp ${byteLength}` };
}
