import { type KubernetesObject, nameOf } from './objects.ts';

/** A model of kubernetes-models: it validates itself against the schema that it was made from. */
interface Model {
  validate(): void;
}
type ModelClass = new (data: object) => Model;

/** What is used of the API, as every cluster from 1.29 on serves it, and the package with the schemas. */
const PACKAGES: Readonly<Record<string, string>> = {
  v1: 'kubernetes-models',
  'apps/v1': 'kubernetes-models',
  'autoscaling/v2': 'kubernetes-models',
  'batch/v1': 'kubernetes-models',
  'networking.k8s.io/v1': 'kubernetes-models',
  'policy/v1': 'kubernetes-models',
  'gateway.networking.k8s.io/v1': '@kubernetes-models/gateway-api',
  'keda.sh/v1alpha1': '@kubernetes-models/keda',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator',
};
const MAX_LISTED = 10;

/**
 * What is wrong by the schemas of Kubernetes, KEDA, the Prometheus operator and the Gateway API: wrong types, missing
 * fields, and keys that the schema does not know, which the validation itself takes for fine.
 */
export async function schemaProblems(objects: readonly KubernetesObject[]): Promise<string[]> {
  const problems: string[] = [];
  for (const object of objects) {
    const Model = await modelOf(object);
    if (!Model) {
      problems.push(`${nameOf(object)}: there is no schema of ${object.apiVersion} ${object.kind}`);
      continue;
    }
    const unread = new Set<string>();
    const model = watch(new Model(object), '', unread);
    try {
      model.validate();
    } catch (error) {
      // A validation that has stopped has not read everything.
      problems.push(`${nameOf(object)}: ${(error as Error).message}`);
      continue;
    }
    for (const path of [...unread].slice(0, MAX_LISTED))
      problems.push(`${nameOf(object)}: the schema does not know ${path}`);
  }
  return problems;
}

async function modelOf({ apiVersion, kind }: KubernetesObject): Promise<ModelClass | undefined> {
  const from = PACKAGES[apiVersion];
  if (from === undefined) return undefined;
  try {
    const module = (await import(`${from}/${apiVersion}/${kind}`)) as Record<string, ModelClass>;
    return module[kind];
  } catch {
    return undefined;
  }
}

/**
 * The same value, which takes each key out of `unread` when it is read. A validation reads every key that its schema
 * has, and no other: what stays is unknown to it.
 */
function watch<T extends object>(value: T, path: string, unread: Set<string>): T {
  const children = new Map<PropertyKey, unknown>();
  const pathOf = (key: string) => (Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
  for (const key of Object.keys(value)) if (!Array.isArray(value)) unread.add(pathOf(key));
  return new Proxy(value, {
    get(target, key, receiver) {
      const child: unknown = Reflect.get(target, key, receiver);
      if (typeof key !== 'string' || !Object.hasOwn(target, key)) return child;
      unread.delete(pathOf(key));
      if (typeof child !== 'object' || child === null) return child;
      if (!children.has(key)) children.set(key, watch(child, pathOf(key), unread));
      return children.get(key);
    },
  });
}
