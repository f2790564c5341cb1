import { randomBytes } from 'node:crypto';
import type { Workload } from '../../kubernetes/objects.ts';
import { ms } from './clock.ts';
import type { Pod } from './pod.ts';
import { type ClusterPort, type Controller, ownerOf, revisionOf } from './workload.ts';

interface DeploymentSpec {
  replicas?: number;
  minReadySeconds?: number;
  progressDeadlineSeconds?: number;
  strategy?: { rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } };
}

/** Plays the Deployment controller: a rolling update within maxSurge and maxUnavailable. */
export class DeploymentController implements Controller {
  readonly name: string;
  workload: Workload;
  private readonly cluster: ClusterPort;
  private replicas: number;

  /** Pods that there should be. */
  get wished(): number {
    return this.replicas;
  }

  private progressedAt = performance.now();
  private lastProgress = '';

  /** @param replicas what an autoscaler says, where the object itself says nothing */
  constructor(workload: Workload, cluster: ClusterPort, replicas: number) {
    this.name = ownerOf(workload);
    this.workload = workload;
    this.cluster = cluster;
    this.replicas = workload.spec.replicas ?? replicas;
  }

  apply(workload: Workload): void {
    this.workload = workload;
    this.replicas = workload.spec.replicas ?? this.replicas;
    this.progressedAt = performance.now();
  }

  scale(replicas: number): void {
    this.replicas = replicas;
  }

  tick(): void {
    const { minReadySeconds = 0 } = this.spec;
    const { surge, unavailable } = this.bounds();
    const revision = revisionOf(this.workload);
    const pods = this.pods();
    const current = pods.filter((pod) => pod.plan.revision === revision);
    const old = pods.filter((pod) => pod.plan.revision !== revision);

    const missing = this.replicas - current.length;
    const room = this.replicas + surge - pods.length;
    for (let count = Math.min(missing, room); count > 0; count--) this.create(revision);
    // Those that are not ready go first.
    const surplus = [...current]
      .sort((a, b) => Number(a.isServing) - Number(b.isServing))
      .slice(0, Math.max(0, -missing));
    for (const pod of surplus) this.cluster.deletePod(pod);

    const least = this.replicas - unavailable;
    const available = pods.filter((pod) => pod.isAvailable(minReadySeconds));
    const newUnavailable = current.filter((pod) => !pod.isAvailable(minReadySeconds)).length;
    let mayGo = pods.length - least - newUnavailable;
    for (const pod of old.filter((one) => !one.isAvailable(minReadySeconds)))
      if (mayGo-- > 0) this.cluster.deletePod(pod);
    let spare = available.length - least;
    for (const pod of old.filter((one) => one.isAvailable(minReadySeconds) && !one.isTerminating))
      if (spare-- > 0) this.cluster.deletePod(pod);
    const progress = this.progress();
    if (progress !== this.lastProgress) this.progressedAt = performance.now();
    this.lastProgress = progress;
  }

  isDone(): boolean {
    const { minReadySeconds = 0 } = this.spec;
    const revision = revisionOf(this.workload);
    const all = this.cluster.podsOf(this.name);
    return (
      all.length === this.replicas &&
      all.every((pod) => pod.plan.revision === revision && pod.isAvailable(minReadySeconds))
    );
  }

  /**
   * `kubectl rollout status` would report that the progress deadline is exceeded.
   *
   * @param deadlineMs instead of its own
   */
  isStuck(deadlineMs = ms(this.spec.progressDeadlineSeconds ?? 600)): boolean {
    return !this.isDone() && performance.now() - this.progressedAt > deadlineMs;
  }

  progress(): string {
    const revision = revisionOf(this.workload);
    const pods = this.pods();
    const updated = pods.filter((pod) => pod.plan.revision === revision);
    const ready = updated.filter((pod) => pod.isServing);
    const why = updated.filter((pod) => pod.reason !== '').map((pod) => `${pod.name} ${pod.reason}`);
    return `${this.name}: ${updated.length} of ${this.replicas} new, ${ready.length} ready, ${pods.length - updated.length} old${why.length > 0 ? ` (${why.join(', ')})` : ''}`;
  }

  private get spec(): DeploymentSpec {
    return this.workload.spec as DeploymentSpec;
  }

  /** Pods that stay: a pod on its way out does not count. */
  private pods(): Pod[] {
    return this.cluster.podsOf(this.name).filter((pod) => !pod.isTerminating);
  }

  private create(revision: string): void {
    const { template, metadata } = { template: this.workload.spec.template, metadata: this.workload.metadata };
    const name = `${metadata.name}-${revision}-${randomBytes(3).toString('hex').slice(0, 5)}`;
    this.cluster.createPod({ name, owner: this.name, revision, template });
  }

  private bounds(): { surge: number; unavailable: number } {
    const { maxSurge = '25%', maxUnavailable = '25%' } = this.spec.strategy?.rollingUpdate ?? {};
    const surge = resolve(maxSurge, this.replicas, Math.ceil);
    const unavailable = resolve(maxUnavailable, this.replicas, Math.floor);
    return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
  }
}

/** A number, or a share of the replicas. */
const resolve = (value: number | string, replicas: number, round: (value: number) => number): number =>
  typeof value === 'number' ? value : round((Number.parseInt(value, 10) / 100) * replicas);
