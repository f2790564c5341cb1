import { randomBytes } from 'node:crypto';
import type { Workload } from '../../kubernetes/objects.ts';
import { type ClusterPort, type Controller, ownerOf, revisionOf } from './workload.ts';

const DEFAULT_BACKOFF_LIMIT = 6;

/** Plays the Job controller: one pod until one has succeeded, or too many have failed. */
export class JobController implements Controller {
  readonly name: string;
  readonly workload: Workload;
  private readonly cluster: ClusterPort;

  constructor(workload: Workload, cluster: ClusterPort) {
    this.name = ownerOf(workload);
    this.workload = workload;
    this.cluster = cluster;
  }

  apply(workload: Workload): void {
    if (revisionOf(workload) !== revisionOf(this.workload)) {
      throw new Error(`${this.name}: spec.template is immutable: delete the Job of the version before, then apply`);
    }
  }

  tick(): void {
    const pods = this.cluster.podsOf(this.name);
    const { backoffLimit = DEFAULT_BACKOFF_LIMIT } = this.workload.spec as { backoffLimit?: number };
    const failed = pods.filter(({ phase }) => phase === 'Failed').length;
    if (this.isDone() || pods.length > failed || failed > backoffLimit) return;
    const { template, metadata } = { template: this.workload.spec.template, metadata: this.workload.metadata };
    const name = `${metadata.name}-${randomBytes(3).toString('hex').slice(0, 5)}`;
    this.cluster.createPod({ name, owner: this.name, revision: revisionOf(this.workload), template });
  }

  isDone(): boolean {
    return this.cluster.podsOf(this.name).some(({ phase }) => phase === 'Succeeded');
  }

  progress(): string {
    return `${this.name}: ${
      this.cluster
        .podsOf(this.name)
        .map(({ name, phase }) => `${name} ${phase}`)
        .join(', ') || 'no pod yet'
    }`;
  }
}
