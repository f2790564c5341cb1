import { subscribe } from 'node:diagnostics_channel';
import { ServerResponse } from 'node:http';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { nameStatement } from '../measure/statement-name.ts';
import { nameFrame, nameRoute, type Point, type PointKind } from './points.ts';

/** A run of minutes; more is a mistake. */
const MOST_POINTS = 2_000_000;
/** Shorter timers are turns of the event loop rather than waits. */
const SHORTEST_TIMER_MS = 1;

/** Milliseconds by the clock that all processes of this machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Keeps the points of one process in memory while it is switched on. */
export class Recorder {
  points: Point[] = [];
  isOn = false;
  private readonly process: string;

  constructor(name: string) {
    this.process = name;
  }

  /** Returns the index of the point, to be answered. */
  out(kind: PointKind, name: string, match?: string): number {
    return this.add({ at: now(), process: this.process, kind, side: 'out', name, ...(match && { match }) });
  }

  in(kind: PointKind, name: string, { answers, match }: { answers?: number | undefined; match?: string }): void {
    this.add({
      at: now(),
      process: this.process,
      kind,
      side: 'in',
      name,
      ...(answers !== undefined && { answers }),
      ...(match && { match }),
    });
  }

  private add(point: Point): number {
    if (!this.isOn || this.points.length >= MOST_POINTS) return -1;
    return this.points.push(point) - 1;
  }
}

/** What of a request or response the channels of node and undici carry. */
interface Message {
  method?: string;
  url?: string;
  path?: string;
}

/** HTTP of this process: its own server, and its undici clients. Nothing is replaced, node tells it by itself. */
export function recordHttp(recorder: Recorder): void {
  const routes = new WeakMap<object, string>();
  const sent = new WeakMap<object, number>();
  const on = (channel: string, take: (message: { request: Message & object }) => void) =>
    subscribe(channel, (message) => {
      if (recorder.isOn) take(message as { request: Message & object });
    });
  on('http.server.request.start', ({ request }) => {
    const route = nameRoute(request.method!, request.url!);
    routes.set(request, route);
    recorder.in('http', route, { match: `ask ${route}` });
  });
  // The channel tells of an answer when the last byte has left, which may be after its arrival.
  wrap(recorder, ServerResponse.prototype, 'end', function (call, args) {
    const route = routes.get((this as ServerResponse).req);
    if (route) recorder.out('http', `answer to ${route}`, `answer ${route}`);
    return call(...args);
  });
  on('undici:client:sendHeaders', ({ request }) => {
    const route = nameRoute(request.method!, request.path!);
    sent.set(request, recorder.out('http', route, `ask ${route}`));
  });
  on('undici:request:headers', ({ request }) => {
    const route = nameRoute(request.method!, request.path!);
    recorder.in('http', `answer to ${route}`, { answers: sent.get(request), match: `answer ${route}` });
  });
}

type Method = (...args: unknown[]) => unknown;
type Methods = Record<string, Method>;

/** Replaces a method by one that calls it; `around` is asked only while the recorder is on. */
function wrap(
  recorder: Recorder,
  owner: object,
  name: string,
  around: (this: unknown, call: Method, args: unknown[]) => unknown,
): void {
  const methods = owner as Methods;
  const original = methods[name]!;
  methods[name] = function (this: unknown, ...args: unknown[]) {
    const call = (...given: unknown[]) => original.apply(this, given);
    return recorder.isOn ? around.call(this, call, args) : call(...args);
  };
}

/** Calls `end` when the call has been answered, by its callback or by its promise. */
function untilAnswered(call: Method, args: unknown[], end: () => void): unknown {
  const index = args.findLastIndex((argument) => typeof argument === 'function');
  if (index >= 0) {
    const callback = args[index] as Method;
    return call(
      ...args.with(index, function (this: unknown, ...results: unknown[]) {
        end();
        return callback.apply(this, results);
      }),
    );
  }
  const result = call(...args);
  if (result instanceof Promise) result.then(end, end);
  return result;
}

/** Statements, commands and frames of an application, by the libraries that it has itself: whichever version it is. */
export function recordLibraries(recorder: Recorder, checkout: string): void {
  const load = <T>(folder: string, name: string): T | undefined => {
    try {
      return createRequire(join(checkout, folder, 'package.json'))(name) as T;
    } catch {
      return undefined; // This application does not have it.
    }
  };
  const postgres = load<{ Client: { prototype: object }; Pool: { prototype: object } }>('packages/db', 'pg');
  if (postgres) {
    wrap(recorder, postgres.Client.prototype, 'query', (call, args) => {
      const [query] = args as [string | { text?: string }];
      const name = nameStatement((typeof query === 'string' ? query : query.text) ?? 'a query');
      const answers = recorder.out('statement', name);
      return untilAnswered(call, args, () => recorder.in('statement', name, { answers }));
    });
    wrap(recorder, postgres.Pool.prototype, 'connect', (call, args) => {
      const answers = recorder.out('pool', 'connection of the pool');
      return untilAnswered(call, args, () => recorder.in('pool', 'connection of the pool', { answers }));
    });
  }
  const redis = load<{ Redis: { prototype: object } }>('packages/kit', 'ioredis');
  if (redis) {
    wrap(recorder, redis.Redis.prototype, 'sendCommand', (call, args) => {
      const [command] = args as [{ name: string; promise: Promise<unknown> }];
      const answers = recorder.out('redis', command.name);
      const end = () => recorder.in('redis', command.name, { answers });
      command.promise.then(end, end);
      return call(...args);
    });
    wrap(recorder, redis.Redis.prototype, 'emit', (call, args) => {
      if (args[0] === 'message') recorder.in('redis', 'message of a channel', {});
      return call(...args);
    });
  }
  for (const app of ['apps/gateway', 'apps/worker', 'apps/sandbox']) {
    // One file of pnpm serves all applications of a checkout, and Baileys: it is wrapped once.
    const sockets = load<{ WebSocket: { prototype: object & { isTraced?: boolean } } }>(app, 'ws')?.WebSocket.prototype;
    if (!sockets || sockets.isTraced) continue;
    sockets.isTraced = true;
    wrap(recorder, sockets, 'send', (call, args) => {
      const { name, match } = nameFrame(args[0]);
      recorder.out('frame', name, match);
      return call(...args);
    });
    wrap(recorder, sockets, 'emit', (call, args) => {
      if (args[0] === 'message') {
        const { name, match } = nameFrame(args[1]);
        recorder.in('frame', name, { match });
      }
      return call(...args);
    });
  }
}

/** Timers that fire, by the place that has set them. */
export function recordTimers(recorder: Recorder, checkout: string): void {
  const placeOf = (stack = ''): string => {
    const line = stack.split('\n').find((one) => one.includes('file:') || one.includes('/node_modules/')) ?? '';
    const [, file = 'node'] = /\(?(?:file:\/\/)?(\/[^()]+?):\d+\)?$/.exec(line) ?? [];
    return file
      .replace(checkout, '')
      .replace(/.*\/node_modules\//, '')
      .replace('/dist/', '/');
  };
  const name = (ms: unknown): string => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 8;
    const { stack } = new Error();
    Error.stackTraceLimit = limit;
    const ownFile = import.meta.url.replace('file://', '');
    const lines = (stack ?? '').split('\n').filter((line) => !line.includes(ownFile));
    return `${Number(ms)} ms of ${placeOf(lines.join('\n'))}`;
  };
  const isWait = (ms: unknown) => recorder.isOn && Number(ms) >= SHORTEST_TIMER_MS;

  const original = globalThis.setTimeout;
  const traced = (callback: Method, ms?: number, ...rest: unknown[]) => {
    if (!isWait(ms)) return original(callback, ms, ...rest);
    const what = name(ms);
    const answers = recorder.out('timer', what);
    return original(
      (...args: unknown[]) => {
        recorder.in('timer', what, { answers });
        callback(...args);
      },
      ms,
      ...rest,
    );
  };
  globalThis.setTimeout = Object.assign(traced, original);

  const promises = createRequire(import.meta.url)('node:timers/promises') as Methods;
  const sleep = promises.setTimeout!;
  promises.setTimeout = (ms, ...rest) => {
    const slept = sleep(ms, ...rest) as Promise<unknown>;
    if (!isWait(ms)) return slept;
    const what = name(ms);
    const answers = recorder.out('timer', what);
    const end = () => recorder.in('timer', what, { answers });
    slept.then(end, end);
    return slept;
  };
  syncBuiltinESMExports();
}
