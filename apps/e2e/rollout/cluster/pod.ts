import { setTimeout as sleep } from 'node:timers/promises';
import { type Exit, ManagedProcess, type ProcessSpec } from '../../harness/managed-process.ts';
import type { Container, PodTemplate } from '../../kubernetes/objects.ts';
import { ms } from './clock.ts';
import { runProbes } from './probe.ts';

export interface PodPlan {
  name: string;
  /** `Kind/name` of the workload that makes it. */
  owner: string;
  /** Hash of its template. */
  revision: string;
  template: PodTemplate;
  node: string;
}

/** The machine below the pods: programs of images, addresses, the environment. */
export interface Machine {
  /** Folder of the output of all processes. */
  logFolder: string;
  /** The process of a container; `null`: the image cannot be pulled. */
  specOf(container: Container, pod: PodPlan): Promise<ProcessSpec | null>;
  /** The address of a port of a pod, by its name or number. */
  urlOf(pod: PodPlan, container: Container, port: number | string): string;
}

/** The end of a pod that was deleted. */
export interface Ending {
  pod: string;
  /** From the deletion to the end of the process. */
  seconds: number;
  exit: Exit;
  /** The grace period was over, and the process was killed. */
  wasKilled: boolean;
}

const DEFAULT_GRACE_S = 30;
/** Pauses before a container that has ended is started again, as the kubelet's, with a short first one. */
const BACKOFF_S = [0.5, 10, 20, 40];
/** How often an image is asked for again. */
const PULL_AGAIN_S = 2;

/** Plays the kubelet for one pod: init containers, the container, its probes, restarts, and the end. */
export class Pod {
  readonly plan: PodPlan;
  readonly createdAt = performance.now();
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' = 'Pending';
  /** Why it is not running, as `kubectl get pods` shows it. */
  reason = 'ContainerCreating';
  isTerminating = false;
  isGone = false;
  /** By which time it has been ready without a break; `undefined`: it is not. */
  readySince: number | undefined;
  /** Times that its container was started again. */
  restarts = 0;
  /** The process of the container that runs, or ran last. */
  process: ManagedProcess | undefined;
  /** All of them, those of init containers and former ones included. */
  readonly processes: ManagedProcess[] = [];
  private readonly machine: Machine;
  private readonly restartPolicy: string;
  private probes: { stop(): void } | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(plan: PodPlan, machine: Machine) {
    this.plan = plan;
    this.machine = machine;
    this.restartPolicy = plan.template.spec.restartPolicy ?? 'Always';
  }

  get name(): string {
    return this.plan.name;
  }

  /** Ready, and not on its way out: what a Service sends to. */
  get isServing(): boolean {
    return this.readySince !== undefined && !this.isTerminating;
  }

  isAvailable(minReadySeconds: number): boolean {
    return this.isServing && performance.now() - this.readySince! >= ms(minReadySeconds);
  }

  /** @param onTrouble what cannot be played, or an environment that is not whole */
  start(onTrouble: (error: Error) => void): void {
    this.running = this.run().catch(onTrouble);
  }

  /** Deletes it as the API does: out of the Services at once, then the signal, then the end of the grace. */
  async delete(): Promise<Ending | undefined> {
    if (this.isGone) return undefined;
    this.isTerminating = true;
    const begun = performance.now();
    const { terminationGracePeriodSeconds = DEFAULT_GRACE_S, containers } = this.plan.template.spec;
    const preStop = containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
    if (preStop > 0) await sleep(ms(preStop));
    this.probes?.stop();
    const { process } = this;
    let ending: Ending | undefined;
    if (process?.isRunning) {
      const graceMs = ms(terminationGracePeriodSeconds) - (performance.now() - begun);
      const exit = await process.stop({ signal: 'SIGTERM', graceMs });
      const seconds = (performance.now() - begun) / 1_000;
      ending = { pod: this.name, seconds, exit, wasKilled: exit.signal === 'SIGKILL' };
    }
    await this.running;
    this.readySince = undefined;
    this.isGone = true;
    await Promise.all(this.processes.map(({ log }) => log.close()));
    return ending;
  }

  /** Kills the process without a word, as a machine without memory does. The pod stays, and starts it again. */
  kill(): void {
    if (this.process?.isRunning) process.kill(this.process.pid, 'SIGKILL');
  }

  private async run(): Promise<void> {
    const { initContainers = [], containers } = this.plan.template.spec;
    for (const container of initContainers) {
      this.reason = `Init:${container.name}`;
      if (!(await this.runToEnd(container))) return;
    }
    const [container] = containers;
    if (!container || containers.length > 1)
      throw new Error(`${this.name} has ${containers.length} containers: one is played here`);
    if (this.restartPolicy === 'Never') await this.runOnce(container);
    else await this.runForEver(container);
  }

  /** An init container: again until it has ended well. `false`: the pod was deleted. */
  private async runToEnd(container: Container): Promise<boolean> {
    for (let failures = 0; !this.isTerminating; failures++) {
      const exit = await this.runContainer(container);
      if (exit?.code === 0) return true;
      await this.backOff(failures);
    }
    return false;
  }

  private async runOnce(container: Container): Promise<void> {
    this.phase = 'Running';
    const exit = await this.runContainer(container);
    this.phase = exit?.code === 0 ? 'Succeeded' : 'Failed';
  }

  private async runForEver(container: Container): Promise<void> {
    for (let ends = 0; !this.isTerminating; ends++) {
      await this.runContainer(container);
      if (this.isTerminating) return;
      this.restarts++;
      this.reason = 'CrashLoopBackOff';
      await this.backOff(ends);
    }
  }

  private async backOff(count: number): Promise<void> {
    const until = performance.now() + ms(BACKOFF_S[Math.min(count, BACKOFF_S.length - 1)]!);
    while (!this.isTerminating && performance.now() < until) await sleep(100);
  }

  /** Runs one container to its end. `undefined`: it was never started. */
  private async runContainer(container: Container): Promise<Exit | undefined> {
    let spec = await this.machine.specOf(container, this.plan);
    while (!spec) {
      this.reason = 'ErrImagePull';
      await this.backOff(0);
      if (this.isTerminating) return undefined;
      await sleep(ms(PULL_AGAIN_S));
      spec = await this.machine.specOf(container, this.plan);
    }
    if (this.isTerminating) return undefined;
    const process = new ManagedProcess(spec, this.machine.logFolder);
    this.process = process;
    this.processes.push(process);
    process.spawn();
    const isMain = this.plan.template.spec.containers.includes(container);
    if (isMain) {
      this.phase = 'Running';
      this.reason = '';
      this.probe(container, process);
    }
    const exit = await process.ended();
    this.probes?.stop();
    this.readySince = undefined;
    return exit;
  }

  private probe(container: Container, process: ManagedProcess): void {
    this.probes = runProbes(container, (port) => this.machine.urlOf(this.plan, container, port), {
      onResult: (kind, succeeded) => {
        if (kind === 'readinessProbe') this.readySince = succeeded ? (this.readySince ?? performance.now()) : undefined;
        else if (!succeeded) {
          process.log.note(`${kind} of ${this.name} failed: the container is started again`);
          const { terminationGracePeriodSeconds = DEFAULT_GRACE_S } = this.plan.template.spec;
          void process.stop({ graceMs: ms(terminationGracePeriodSeconds) });
        }
      },
    });
  }
}
