/** Child process of the bench: one sandbox, and its own figures on request. */
import { type Sandbox, startSandbox } from '../app.ts';
import type { Measurement, SandboxReport, SandboxRequest } from './measure.ts';

const sandbox = await startSandbox({});
const report = (message: SandboxReport): void => void process.send?.(message);

process.on('message', ({ collect }: SandboxRequest) =>
  report({ kind: 'measured', measurement: measure(sandbox, collect) }),
);
process.on('disconnect', () => {
  void sandbox.stop().then(() => process.exit(0));
});

report({
  kind: 'ready',
  url: sandbox.url,
  wsUrl: sandbox.wsUrl,
  caPem: sandbox.caPem,
  noiseRoot: sandbox.noiseRoot.toString('base64'),
});

function measure({ context }: Sandbox, collect: boolean): Measurement {
  const { user, system } = process.cpuUsage();
  const { cpu, messages, undecryptable, violations } = context.recorder.summary();
  if (collect) globalThis.gc?.();
  const memory = process.memoryUsage();
  return {
    rssBytes: memory.rss,
    heapBytes: memory.heapUsed,
    externalBytes: memory.external,
    processCpuMs: (user + system) / 1000,
    serverMs: cpu.serverMs,
    phoneMs: cpu.phoneMs,
    messagesUp: messages.up,
    messagesDown: messages.down,
    connections: context.connections.size,
    unreadable: undecryptable.unrecovered,
    violations: violations.total,
  };
}
