import { createHash } from 'node:crypto';
import { nameOf, type Workload } from '../../kubernetes/objects.ts';
import type { Machine, Pod, PodPlan } from './pod.ts';

/** What controllers need of the cluster. */
export interface ClusterPort {
  machine: Machine;
  /** Creates and starts a pod on a node. */
  createPod(plan: Omit<PodPlan, 'node'>): Pod;
  /** Deletes it; the cluster keeps how it ended. */
  deletePod(pod: Pod): void;
  podsOf(owner: string): Pod[];
}

/** Plays the controller of one workload. Looks and acts at each tick. */
export interface Controller {
  readonly name: string;
  workload: Workload;
  /** Takes a new version of the object. @throws {Error} as the API server refuses it */
  apply(workload: Workload): void;
  tick(): void;
  /** Whether every wished pod is there, new, and available, and no other. */
  isDone(): boolean;
  /** What is missing, in a sentence. */
  progress(): string;
}

/** The hash of a pod template, as in the names and labels of its pods. */
export const revisionOf = ({ spec }: Workload): string =>
  createHash('sha256').update(JSON.stringify(spec.template)).digest('hex').slice(0, 10);

export const ownerOf = (workload: Workload): string => nameOf(workload);
