import { waitFor } from '@wa-gate/testkit';
import { find, isWorkload, type KubernetesObject, nameOf, selects, type Workload } from '../../kubernetes/objects.ts';
import { TICK_MS } from './clock.ts';
import { DeploymentController } from './deployment.ts';
import { JobController } from './job.ts';
import { type Ending, type Machine, Pod } from './pod.ts';
import { ServiceProxy } from './service.ts';
import { StatefulSetController } from './stateful-set.ts';
import type { ClusterPort, Controller } from './workload.ts';

export const NODES = ['node-a', 'node-b', 'node-c'] as const;
const EVICT_AGAIN_MS = 250;

/**
 * Plays a Kubernetes cluster with the processes of this machine: API server, controllers, scheduler, kubelets and
 * kube-proxy, as far as the manifests of this repository use them. Objects come as `kubectl kustomize` renders them.
 */
export class Cluster implements ClusterPort {
  readonly machine: Machine;
  /** How deleted pods ended. */
  readonly endings: Ending[] = [];
  /** What went wrong in the play itself. */
  readonly troubles: Error[] = [];
  private objects: readonly KubernetesObject[] = [];
  private readonly pods = new Map<string, Pod>();
  private readonly every: Pod[] = [];
  private readonly controllers = new Map<string, Controller>();
  private readonly services = new Map<string, ServiceProxy>();
  private readonly cordoned = new Set<string>();
  private readonly deleting = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** `kubectl apply`: all objects at once. @throws {Error} as the API server refuses one of them */
  async apply(objects: readonly KubernetesObject[]): Promise<void> {
    // What an apply does not name stays, such as the ConfigMap of pods of the version before.
    const kept = this.objects.filter(({ kind, metadata }) => !find(objects, kind, metadata.name));
    this.objects = [...objects, ...kept];
    for (const object of objects) {
      if (object.kind === 'Service' && !this.services.has(object.metadata.name) && object.spec?.clusterIP !== 'None')
        this.services.set(object.metadata.name, await ServiceProxy.open(object, this.machine));
    }
    for (const workload of objects.filter(isWorkload)) {
      const known = this.controllers.get(nameOf(workload));
      if (known) known.apply(workload);
      else this.controllers.set(nameOf(workload), this.control(workload));
    }
  }

  /** `kubectl delete job`, with its pods. Not there: nothing. */
  async deleteJob(name: string): Promise<void> {
    const owner = `Job/${name}`;
    this.controllers.delete(owner);
    for (const pod of this.podsOf(owner)) this.deletePod(pod);
    await waitFor(() => this.podsOf(owner).length === 0, { what: `the end of ${owner}` });
  }

  /** The address of a Service. */
  urlOf(service: string): string {
    const found = this.services.get(service);
    if (!found) throw new Error(`There is no Service ${service} with an address`);
    return found.url;
  }

  hasEndpoints(service: string, count: number): boolean {
    return this.services.get(service)?.count === count;
  }

  scale(owner: string, replicas: number): void {
    const controller = this.controller(owner);
    if (controller instanceof JobController) throw new Error(`${owner} does not scale`);
    (controller as DeploymentController | StatefulSetController).scale(replicas);
  }

  controller(owner: string): Controller {
    const found = this.controllers.get(owner);
    if (!found) throw new Error(`There is no ${owner}; there are ${[...this.controllers.keys()].join(', ')}`);
    return found;
  }

  /** Waits until every workload is as its object says. @throws {Error} with what is missing */
  async settled(timeoutMs: number): Promise<void> {
    const isDone = () => this.troubles.length > 0 || [...this.controllers.values()].every((one) => one.isDone());
    try {
      await waitFor(isDone, { timeoutMs, everyMs: TICK_MS, what: 'the rollout' });
    } catch (error) {
      throw new Error(`${(error as Error).message}. ${this.progress()}`, { cause: error });
    }
    if (this.troubles[0]) throw this.troubles[0];
  }

  progress(): string {
    return [...this.controllers.values()].map((one) => one.progress()).join('; ');
  }

  podsOf(owner: string): Pod[] {
    return [...this.pods.values()].filter(({ plan }) => plan.owner === owner);
  }

  /** Containers that were started again, in pods that are gone too. */
  get restarts(): number {
    return this.every.reduce((sum, pod) => sum + pod.restarts, 0);
  }

  allPods(): Pod[] {
    return [...this.pods.values()];
  }

  createPod(plan: Parameters<ClusterPort['createPod']>[0]): Pod {
    const pod = new Pod({ ...plan, node: this.nodeFor(plan.owner) }, this.machine);
    this.pods.set(pod.name, pod);
    this.every.push(pod);
    pod.start((error) => this.troubles.push(error));
    return pod;
  }

  deletePod(pod: Pod): void {
    if (pod.isTerminating) return;
    const work = pod
      .delete()
      .then((ending) => {
        if (ending) this.endings.push(ending);
        if (this.pods.get(pod.name) === pod) this.pods.delete(pod.name);
      })
      .catch((error: Error) => void this.troubles.push(error))
      .finally(() => this.deleting.delete(work));
    this.deleting.add(work);
  }

  /** `kubectl drain`: no new pods there, and each of its pods evicted as soon as its budget allows it. */
  async drain(node: string): Promise<void> {
    this.cordoned.add(node);
    const leaving = this.allPods().filter(({ plan, phase }) => plan.node === node && phase !== 'Succeeded');
    await Promise.all(
      leaving.map(async (pod) => {
        await waitFor(() => this.tryEviction(pod), {
          timeoutMs: 240_000,
          everyMs: EVICT_AGAIN_MS,
          what: `the eviction of ${pod.name}`,
        });
        await waitFor(() => pod.isGone, { timeoutMs: 240_000, what: `the end of ${pod.name}` });
      }),
    );
  }

  uncordon(node: string): void {
    this.cordoned.delete(node);
  }

  /** Ends everything without an order, workers first. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    const ended = (kind: string) =>
      Promise.all(
        this.allPods()
          .filter(({ plan }) => plan.owner.startsWith(kind))
          .map((pod) => pod.delete()),
      );
    await Promise.all(this.deleting);
    await ended('StatefulSet/');
    await ended('');
    await Promise.all([...this.services.values()].map((service) => service.close()));
  }

  private tick(): void {
    try {
      for (const controller of this.controllers.values()) controller.tick();
      for (const service of this.services.values()) service.tick(this.allPods());
    } catch (error) {
      this.troubles.push(error as Error);
    }
  }

  private control(workload: Workload): Controller {
    if (workload.kind === 'Job') return new JobController(workload, this);
    const replicas = this.leastOf(workload);
    return workload.kind === 'Deployment'
      ? new DeploymentController(workload, this, replicas)
      : new StatefulSetController(workload, this, replicas);
  }

  /** What an autoscaler keeps at least; 1 without one, as the API server has it. */
  private leastOf({ kind, metadata }: Workload): number {
    const scaler = this.objects.find((object) => {
      const target = object.spec?.scaleTargetRef as { kind?: string; name: string } | undefined;
      return target?.name === metadata.name && (target.kind ?? 'Deployment') === kind;
    });
    const { minReplicas, minReplicaCount } = (scaler?.spec ?? {}) as { minReplicas?: number; minReplicaCount?: number };
    return minReplicas ?? minReplicaCount ?? 1;
  }

  /** The node that is open and has the fewest pods of this workload. */
  private nodeFor(owner: string): string {
    const open = NODES.filter((node) => !this.cordoned.has(node));
    const load = (node: string) => this.podsOf(owner).filter(({ plan }) => plan.node === node).length;
    return [...open].sort((a, b) => load(a) - load(b))[0]!;
  }

  /** The eviction API: refused while the budget of the pod is used up. */
  private tryEviction(pod: Pod): boolean {
    if (pod.isTerminating) return true;
    const labels = pod.plan.template.metadata.labels ?? {};
    const budget = this.objects.find(
      ({ kind, spec }) => kind === 'PodDisruptionBudget' && selects((spec as { selector: object }).selector, labels),
    );
    if (budget) {
      const { maxUnavailable, minAvailable, unhealthyPodEvictionPolicy } = budget.spec as {
        maxUnavailable?: number;
        minAvailable?: number;
        unhealthyPodEvictionPolicy?: string;
      };
      const pods = this.podsOf(pod.plan.owner);
      const healthy = pods.filter((one) => one.isServing).length;
      const expected = this.expected(pod.plan.owner);
      const least = minAvailable ?? expected - (maxUnavailable ?? 0);
      const mayGoUnhealthy = unhealthyPodEvictionPolicy === 'AlwaysAllow' && !pod.isServing;
      if (!mayGoUnhealthy && healthy - 1 < least) return false;
    }
    this.deletePod(pod);
    return true;
  }

  private expected(owner: string): number {
    const controller = this.controller(owner) as DeploymentController | StatefulSetController;
    return controller.wished;
  }

  /** Everything that was applied. */
  applied(): readonly KubernetesObject[] {
    return this.objects;
  }
}
