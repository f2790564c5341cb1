import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@wa-gate/testkit';
import { guardOrphan } from '../harness/orphan-guard.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { MonitoringTools, PrometheusConfig } from './monitoring-tools.ts';

/** One series of an answer, with its present value. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

interface Answer {
  status: string;
  error?: string;
  data: {
    resultType: string;
    result: { metric: Record<string, string>; value: [number, string] }[] | [number, string];
  };
}

/** A real Prometheus on loopback, over a folder of its own. */
export class PrometheusServer {
  readonly url: string;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
    const collect = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-20_000);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  }

  static async start(tools: MonitoringTools, folder: string, config: PrometheusConfig): Promise<PrometheusServer> {
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, JSON.stringify(config));
    const port = await freePort();
    const child = spawn(
      tools.prometheus,
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { env: { ...process.env, ...tools.env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    guardOrphan(child);
    const server = new PrometheusServer(`http://127.0.0.1:${port}`, child);
    const isReady = async () => {
      if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${server.#output}`);
      return (await fetch(`${server.url}/-/ready`)).ok;
    };
    await waitFor(isReady, { what: 'Prometheus to be ready' });
    return server;
  }

  /** The series of an expression now. A scalar is a series without labels. @throws {Error} when it is refused */
  async query(expression: string): Promise<Sample[]> {
    const response = await fetch(`${this.url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expression }),
    });
    const { status, error, data } = (await response.json()) as Answer;
    if (status !== 'success') throw new Error(`${expression}: ${error}`);
    if (data.resultType === 'scalar') return [{ labels: {}, value: Number((data.result as [number, string])[1]) }];
    const result = data.result as Exclude<Answer['data']['result'], [number, string]>;
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await once(this.#child, 'exit');
    clearTimeout(timer);
  }
}
