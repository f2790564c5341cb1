import { type FrontDoor, openFrontDoor } from '../../harness/front-door.ts';
import { type KubernetesObject, selects } from '../../kubernetes/objects.ts';
import type { Machine, Pod } from './pod.ts';

interface ServiceSpec {
  selector: Record<string, string>;
  ports: { name?: string; port: number; targetPort?: number | string }[];
}

/**
 * Milliseconds until every node knows of a change of the endpoints. Until then connections still go to a pod that is on
 * its way out, and are refused when it listens no more.
 */
const PROPAGATION_MS = 1_000;

/** Plays a Service with its endpoints, and kube-proxy: each connection goes to one of them, and to no other. */
export class ServiceProxy {
  readonly name: string;
  readonly url: string;
  private readonly door: FrontDoor;
  private readonly endpoints: Map<Pod, string>;
  private readonly spec: ServiceSpec;
  private readonly machine: Machine;
  private readonly changing = new Set<NodeJS.Timeout>();
  private wished = new Set<Pod>();

  private constructor(name: string, spec: ServiceSpec, machine: Machine, door: FrontDoor, endpoints: Map<Pod, string>) {
    this.name = name;
    this.spec = spec;
    this.machine = machine;
    this.door = door;
    this.endpoints = endpoints;
    this.url = door.url;
  }

  static async open(object: KubernetesObject, machine: Machine): Promise<ServiceProxy> {
    const endpoints = new Map<Pod, string>();
    const door = await openFrontDoor(() => [...endpoints.values()], { tries: 1 });
    return new ServiceProxy(object.metadata.name, object.spec as unknown as ServiceSpec, machine, door, endpoints);
  }

  /** Takes over what the pods are like now; it gets true a little later. */
  tick(pods: readonly Pod[]): void {
    const serving = pods.filter(
      (pod) => pod.isServing && selects({ matchLabels: this.spec.selector }, pod.plan.template.metadata.labels ?? {}),
    );
    const now = new Set(serving);
    for (const pod of now) if (!this.wished.has(pod)) this.later(() => this.add(pod));
    for (const pod of this.wished) if (!now.has(pod)) this.later(() => this.endpoints.delete(pod));
    this.wished = now;
  }

  get count(): number {
    return this.endpoints.size;
  }

  async close(): Promise<void> {
    for (const timer of this.changing) clearTimeout(timer);
    await this.door.close();
  }

  private add(pod: Pod): void {
    if (!this.wished.has(pod)) return;
    const { port, targetPort = port } = this.spec.ports[0]!;
    const container = pod.plan.template.spec.containers[0]!;
    this.endpoints.set(pod, this.machine.urlOf(pod.plan, container, targetPort));
  }

  private later(change: () => void): void {
    const timer = setTimeout(() => {
      this.changing.delete(timer);
      change();
    }, PROPAGATION_MS);
    this.changing.add(timer);
  }
}
