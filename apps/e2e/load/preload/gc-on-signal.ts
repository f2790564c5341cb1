// Loaded into a process with `--expose-gc --import`: SIGWINCH forces a collection and prints what is in use after it,
// so that its memory can be read without garbage. (A signal that is ignored by default: our processes close on most
// others.) Lives here and not in the applications, which need no such door.
const collect = globalThis.gc;
if (!collect) throw new Error('gc-on-signal needs --expose-gc');
process.on('SIGWINCH', () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ msg: 'collected', heapUsed, external })}\n`);
});
