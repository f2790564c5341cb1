import { runFrom } from '../../harness/checkout.ts';
import { prepareServices } from '../../harness/services.ts';
import { type System, startSystem } from '../../harness/system.ts';
import { startPrivateDatabases } from '../measure/private-databases.ts';
import { type WatchedProcess, watchCpu } from '../measure/process-cpu.ts';
import { RawSide } from '../raw/raw-side.ts';
import { GatewayReceivers } from '../receive/gateway-receivers.ts';
import { type Line, writeFor } from '../receive/writers.ts';
import { GatewaySide } from '../send/gateway-side.ts';
import type { BesideOptions, Work } from './options.ts';

/** What a turn has shown. */
export interface Turn {
  /** Messages a second. */
  rate: number;
  /** Processor time a message of each kind of process, in milliseconds. */
  cpuMs: Record<string, number>;
}

/** Those that take turns. */
export interface Side {
  name: string;
  turn(work: Work, seconds: number): Promise<Turn>;
  stop(): Promise<void>;
}

/** Count of messages, of those within the time, and its seconds. */
interface Done {
  count: number;
  done: number;
  seconds: number;
}

const UNBOUNDED = 1_000_000;

/** One checkout, with databases and a WhatsApp of its own. */
export async function startOurs(
  name: string,
  checkout: string,
  { work, sessions, warmUp }: BesideOptions,
): Promise<Side & { system: System }> {
  const databases = await startPrivateDatabases(`beside-${name}`);
  const services = await prepareServices(databases, checkout);
  const { rows } = await services.pool.query<{ pid: string }>(
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid`,
  );
  const system = await startSystem({
    services,
    maxSessions: 2 * sessions,
    logLevel: 'warn',
    adapt: runFrom(checkout),
    env: { sandbox: { SANDBOX_DECRYPT: 'false' } },
  });
  const processes: WatchedProcess[] = [
    ...system.processes.map((process) => ({ name: process.name.replace(/-\d+$/, ''), pid: process.pid })),
    { name: 'postgres', pid: Number(rows[0]!.pid) },
    { name: 'load', pid: process.pid, alone: true },
  ];
  const senders = new GatewaySide(system, 'all');
  const receivers = new GatewayReceivers(system, 'all');
  const receives = work.includes('receive');
  const sends = work.length > (receives ? 1 : 0);
  if (sends) await senders.pair(work.includes('many') ? sessions : 1);
  if (receives) await receivers.pair(sessions);

  async function run(kind: Work, seconds: number, maxCount: number): Promise<Done> {
    if (kind === 'receive')
      return writtenAs(seconds, await writeFor(seconds, receivers.lines, system.sandbox, receivers.arrived));
    const result = await senders.run({ clients: kind === 'one' ? 1 : sessions, seconds, maxCount });
    if (result.failures > 0) throw new Error(`${name}: ${result.failures} failed: ${result.firstFailure}`);
    return result;
  }
  for (const kind of work) await run(kind, kind === 'receive' ? 5 : 60, warmUp);
  return {
    name,
    system,
    turn: (kind, seconds) => measured(processes, () => run(kind, seconds, UNBOUNDED)),
    async stop() {
      if (sends) console.log(`${name}: ${await senders.verify()}`);
      await Promise.all([sends && senders.close(), receives && receivers.close()]);
      console.log(`${name}, the recorder: ${JSON.stringify(await system.sandbox.misdeeds())}`);
      await system.stop();
      await databases.stop();
    },
  };
}

/** Baileys alone, at the WhatsApp of one of the systems. */
export async function startRaw({ sandbox, process }: System, options: BesideOptions): Promise<Side> {
  const { work, sessions, warmUp } = options;
  const raw = await RawSide.start(process('sandbox').url);
  const processes = [{ name: 'raw Baileys', pid: raw.pid }];
  const lines: Line[] = work.includes('receive') ? await raw.pairReceivers(sessions) : [];
  if (work.some((kind) => kind !== 'receive')) await raw.pair(work.includes('many') ? sessions : 1);
  async function run(kind: Work, seconds: number, maxCount: number): Promise<Done> {
    if (kind === 'receive')
      return writtenAs(seconds, await writeFor(seconds, lines, sandbox, (line) => raw.arrived[line] ?? 0));
    return await raw.run({ clients: kind === 'one' ? 1 : sessions, seconds, maxCount });
  }
  for (const kind of work) await run(kind, kind === 'receive' ? 5 : 60, warmUp);
  return {
    name: 'raw Baileys',
    turn: (kind, seconds) => measured(processes, () => run(kind, seconds, UNBOUNDED)),
    stop: () => raw.stop(),
  };
}

const writtenAs = (seconds: number, { count, written }: { count: number; written: number }): Done => ({
  count,
  done: written,
  seconds,
});

async function measured(processes: readonly WatchedProcess[], run: () => Promise<Done>): Promise<Turn> {
  const spent = watchCpu(processes);
  const { count, done, seconds } = await run();
  const cpuMs = Object.fromEntries(Object.entries(spent()).map(([name, ms]) => [name, ms / done]));
  return { rate: count / seconds, cpuMs };
}
