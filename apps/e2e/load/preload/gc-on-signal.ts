// Loaded into a process with `--expose-gc --import`: SIGWINCH forces a collection and prints the used memory after it,
// without garbage. SIGWINCH is ignored by default, while our processes close on most other signals. This is not in the
// applications, which do not need it.
const collect = globalThis.gc;
if (!collect) throw new Error('gc-on-signal needs --expose-gc');
process.on('SIGWINCH', () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ msg: 'collected', heapUsed, external })}\n`);
});
