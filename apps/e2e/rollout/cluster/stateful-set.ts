import type { Workload } from '../../kubernetes/objects.ts';
import type { Pod } from './pod.ts';
import { type ClusterPort, type Controller, ownerOf, revisionOf } from './workload.ts';

interface StatefulSetSpec {
  podManagementPolicy?: string;
  minReadySeconds?: number;
}

/**
 * Plays the StatefulSet controller with `Parallel` pods: missing ones are made and surplus ones deleted without
 * waiting; an update goes from the highest number down, one at a time, and stops at a pod that does not get available.
 */
export class StatefulSetController implements Controller {
  readonly name: string;
  workload: Workload;
  private readonly cluster: ClusterPort;
  private replicas: number;

  /** Pods that there should be. */
  get wished(): number {
    return this.replicas;
  }

  constructor(workload: Workload, cluster: ClusterPort, replicas: number) {
    const { podManagementPolicy } = workload.spec as StatefulSetSpec;
    this.name = ownerOf(workload);
    if (podManagementPolicy !== 'Parallel')
      throw new Error(`${this.name} is ${podManagementPolicy}: only Parallel is played here`);
    this.workload = workload;
    this.cluster = cluster;
    this.replicas = workload.spec.replicas ?? replicas;
  }

  apply(workload: Workload): void {
    this.workload = workload;
    this.replicas = workload.spec.replicas ?? this.replicas;
  }

  scale(replicas: number): void {
    this.replicas = replicas;
  }

  tick(): void {
    const revision = revisionOf(this.workload);
    const pods = this.byNumber();
    for (let number = 0; number < this.replicas; number++) {
      // A name is free when the pod that had it is gone.
      if (!pods.has(number)) this.create(number, revision);
    }
    for (const [number, pod] of pods) if (number >= this.replicas && !pod.isTerminating) this.cluster.deletePod(pod);

    for (let number = this.replicas - 1; number >= 0; number--) {
      const pod = pods.get(number);
      if (!pod) return;
      if (pod.plan.revision !== revision && !pod.isTerminating) {
        this.cluster.deletePod(pod);
        return;
      }
      if (!this.isAvailable(pod)) return;
    }
  }

  isDone(): boolean {
    const revision = revisionOf(this.workload);
    const pods = this.cluster.podsOf(this.name);
    return (
      pods.length === this.replicas && pods.every((pod) => pod.plan.revision === revision && this.isAvailable(pod))
    );
  }

  progress(): string {
    const revision = revisionOf(this.workload);
    const pods = this.cluster.podsOf(this.name);
    const updated = pods.filter((pod) => pod.plan.revision === revision);
    const why = pods.filter((pod) => pod.reason !== '').map((pod) => `${pod.name} ${pod.reason}`);
    return `${this.name}: ${updated.length} of ${this.replicas} new, ${updated.filter((pod) => pod.isServing).length} ready${why.length > 0 ? ` (${why.join(', ')})` : ''}`;
  }

  private isAvailable(pod: Pod): boolean {
    return pod.isAvailable((this.workload.spec as StatefulSetSpec).minReadySeconds ?? 0);
  }

  private byNumber(): Map<number, Pod> {
    return new Map(this.cluster.podsOf(this.name).map((pod) => [Number(pod.name.split('-').at(-1)), pod]));
  }

  private create(number: number, revision: string): void {
    const { template } = this.workload.spec;
    const name = `${this.workload.metadata.name}-${number}`;
    this.cluster.createPod({ name, owner: this.name, revision, template });
  }
}
