// Loaded into a process with `--import`: the first SIGWINCH begins to record what the process asks and is told, the
// second one ends it and writes the points to the folder in LOAD_TRACE_DIR. Without this file nothing is recorded.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EventLoopUtilization, monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import type { RecordedProcess } from '../trace/points.ts';
import { Recorder, recordHttp, recordLibraries, recordTimers } from '../trace/recorder.ts';

const folder = process.env.LOAD_TRACE_DIR;
if (!folder) throw new Error('trace-on-signal needs LOAD_TRACE_DIR');
const [, checkout = '', app = ''] = /^(.*\/)apps\/([^/]+)\/dist\//.exec(process.argv[1] ?? '') ?? [];
if (app === '') throw new Error(`trace-on-signal does not know the application ${process.argv[1]}`);

const recorder = new Recorder(app);
recordLibraries(recorder, checkout);
recordHttp(recorder);
recordTimers(recorder, checkout);

/** The histogram holds the time between two ticks, not only what they were late. */
const TICK_MS = 5;
const loop = monitorEventLoopDelay({ resolution: TICK_MS });
const lateMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - TICK_MS);
let cpu = process.cpuUsage();
let utilization: EventLoopUtilization = performance.eventLoopUtilization();
let collectingMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collectingMs += duration;
}).observe({ entryTypes: ['gc'] });

process.on('SIGWINCH', () => {
  recorder.isOn = !recorder.isOn;
  if (recorder.isOn) {
    recorder.points = [];
    cpu = process.cpuUsage();
    utilization = performance.eventLoopUtilization();
    collectingMs = 0;
    loop.reset();
    loop.enable();
    return;
  }
  loop.disable();
  const { user, system } = process.cpuUsage(cpu);
  const recorded: RecordedProcess = {
    cpuMs: (user + system) / 1_000,
    busyShare: performance.eventLoopUtilization(utilization).utilization,
    lateMs: { p50: lateMs(loop.percentile(50)), p99: lateMs(loop.percentile(99)), max: lateMs(loop.max) },
    collectingMs,
    points: recorder.points,
  };
  const file = join(folder, `${app}-${process.pid}.json`);
  // Whoever waits for the file must not find half of it.
  writeFileSync(`${file}.part`, JSON.stringify(recorded));
  renameSync(`${file}.part`, file);
});
