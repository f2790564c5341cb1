// Loaded into a process with `--import`: the first SIGWINCH starts a CPU profile, the second one ends it and writes it
// to the folder LOAD_PROFILE_DIR. Unlike `--cpu-prof` it leaves out start-up and pairing.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

const folder = process.env.LOAD_PROFILE_DIR;
if (!folder) throw new Error('profile-on-signal needs LOAD_PROFILE_DIR');
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: 500 });
let running = false;

process.on('SIGWINCH', () => {
  if (running) {
    session.post('Profiler.stop', (error, { profile }) => {
      if (error) throw error;
      writeFileSync(
        join(folder, `${process.env.WORKER_ID ?? 'process'}-${process.pid}.cpuprofile`),
        JSON.stringify(profile),
      );
    });
  } else {
    session.post('Profiler.start');
  }
  running = !running;
});
