import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { guardOrphan } from '../../harness/orphan-guard.ts';
import { repositoryFile } from '../../harness/repository.ts';
import type { LoopOptions, LoopResult } from '../measure/closed-loop.ts';
import type { MixOptions, MixResult } from '../measure/mix.ts';
import type { RawCount, RawOrder, RawReport } from './raw-protocol.ts';

const MAIN = fileURLToPath(new URL('./raw-process.js', import.meta.url));
/** The same repair of async contexts that the worker loads on Node < 24: both sides run on the same footing. */
const ASYNC_CONTEXT = repositoryFile('apps/worker/dist/whatsapp/async-context/install.js').href;

/** Baileys without anything of ours around it, in a process of its own. */
export class RawSide {
  private readonly child: ChildProcess;
  /** Messages of each receiving companion, by the last count. */
  arrived: readonly number[] = [];
  private readonly ended = new AbortController();

  private constructor(child: ChildProcess) {
    this.child = child;
    child.on('message', (message: RawReport | RawCount) => {
      if ('arrived' in message) this.arrived = message.arrived;
    });
    child.once('exit', () => this.ended.abort(new Error('The raw side ended')));
  }

  static async start(sandboxUrl: string): Promise<RawSide> {
    const child = fork(MAIN, [sandboxUrl], {
      execArgv: ['--import', ASYNC_CONTEXT],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    guardOrphan(child);
    await once(child, 'message');
    return new RawSide(child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  async pair(count: number): Promise<void> {
    await this.order({ do: 'pair', count });
  }

  /** Adds companions that only receive. Tells who writes to whom. */
  async pairReceivers(count: number): Promise<{ from: string; to: string }[]> {
    const report = await this.order({ do: 'receive', count });
    if (report.done !== 'receive') throw new Error(`The raw side answered ${report.done} instead of its lines`);
    return report.lines;
  }

  async run(loop: LoopOptions): Promise<LoopResult> {
    const report = await this.order({ do: 'run', loop });
    if (report.done !== 'run') throw new Error(`The raw side answered ${report.done} instead of a result`);
    return report.result;
  }

  async mix(mix: MixOptions): Promise<MixResult> {
    const report = await this.order({ do: 'mix', mix });
    if (report.done !== 'mix') throw new Error(`The raw side answered ${report.done} instead of a result`);
    return report.result;
  }

  async stop(): Promise<void> {
    await this.order({ do: 'stop' });
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private async order(order: RawOrder): Promise<RawReport> {
    this.child.send(order);
    let report: RawReport | RawCount;
    do {
      [report] = (await once(this.child, 'message', { signal: this.ended.signal })) as [RawReport | RawCount];
    } while ('arrived' in report);
    if (report.done === 'failed') throw new Error(`The raw side failed: ${report.reason}`);
    return report;
  }
}
