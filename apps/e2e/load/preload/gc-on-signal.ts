// Loaded into a process with `--expose-gc --import`: SIGUSR2 forces a collection, so that its memory can be read without
// garbage. Lives here and not in the applications, which need no such door.
const collect = globalThis.gc;
if (!collect) throw new Error('gc-on-signal needs --expose-gc');
process.on('SIGUSR2', () => {
  collect();
});
