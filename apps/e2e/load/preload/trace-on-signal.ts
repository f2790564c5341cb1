// Loaded into a process with `--import`: the first SIGWINCH begins to record what the process asks and is told, the
// second one ends it and writes the points to the folder in LOAD_TRACE_DIR. Without this file nothing is recorded.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Recorder, recordHttp, recordLibraries, recordTimers } from '../trace/recorder.ts';

const folder = process.env.LOAD_TRACE_DIR;
if (!folder) throw new Error('trace-on-signal needs LOAD_TRACE_DIR');
const [, checkout = '', app = ''] = /^(.*\/)apps\/([^/]+)\/dist\//.exec(process.argv[1] ?? '') ?? [];
if (app === '') throw new Error(`trace-on-signal does not know the application ${process.argv[1]}`);

const recorder = new Recorder(app);
recordLibraries(recorder, checkout);
recordHttp(recorder);
recordTimers(recorder, checkout);
let cpu = process.cpuUsage();

process.on('SIGWINCH', () => {
  recorder.isOn = !recorder.isOn;
  if (recorder.isOn) {
    recorder.points = [];
    cpu = process.cpuUsage();
    return;
  }
  const { user, system } = process.cpuUsage(cpu);
  const file = join(folder, `${app}-${process.pid}.json`);
  // Whoever waits for the file must not find half of it.
  writeFileSync(`${file}.part`, JSON.stringify({ cpuMs: (user + system) / 1_000, points: recorder.points }));
  renameSync(`${file}.part`, file);
});
