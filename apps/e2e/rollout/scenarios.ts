import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@wa-gate/testkit';
import { containersOf, isWorkload, type KubernetesObject, splitImage } from '../kubernetes/objects.ts';
import { NODES } from './cluster/cluster.ts';
import { DeploymentController } from './cluster/deployment.ts';
import { TAGS } from './machine.ts';
import type { Stage } from './stage.ts';

export interface Rehearsal {
  stage: Stage;
  /** Called at each instant at which something is taken away without a word, to sample the sends in progress. */
  onStrike: () => Promise<unknown>;
}

/** What an operator, or a cluster, does to a running installation. Throws when it does not go as it should. */
type Scenario = (rehearsal: Rehearsal) => Promise<void>;

const ROLLOUT_MS = 300_000;
/** How long a broken version is watched before it is taken back. */
const BROKEN_MS = 10_000;
const MIGRATION_S = 10;

let versions = 0;
const nextTag = (word = 'next'): string => `${word}-${++versions}`;

/** The same objects with another tag of our images. @param which names of images; all of ours when left out */
function withTag(objects: readonly KubernetesObject[], tag: string, which?: readonly string[]): KubernetesObject[] {
  return structuredClone(objects).map((object) => {
    if (!isWorkload(object)) return object;
    for (const container of containersOf(object.spec.template)) {
      const { name } = splitImage(container.image);
      if (which === undefined || which.includes(name)) container.image = `${name}:${tag}`;
    }
    return object;
  });
}

/** A release as docs/kubernetes.md says: the Job of the version before is deleted, then everything is applied. */
async function release({ stage }: Rehearsal, tag: string): Promise<void> {
  await stage.cluster.deleteJob('migrate');
  await stage.cluster.apply(withTag(stage.objects, tag));
}

async function update(rehearsal: Rehearsal): Promise<void> {
  await release(rehearsal, nextTag());
  await rehearsal.stage.cluster.settled(ROLLOUT_MS);
}

async function scale({ stage: { cluster } }: Rehearsal): Promise<void> {
  for (const count of [4, 2]) {
    cluster.scale('StatefulSet/worker', count);
    await cluster.settled(ROLLOUT_MS);
    await sleep(3_000);
  }
}

/** Every node in turn, as for an update of the nodes themselves. */
async function drain({ stage: { cluster } }: Rehearsal): Promise<void> {
  for (const node of NODES) {
    await cluster.drain(node);
    await cluster.settled(ROLLOUT_MS);
    cluster.uncordon(node);
  }
}

/** A version that does not work: the rollout stops by itself, the version before goes on, and is put back. */
const broken =
  (tag: string): Scenario =>
  async (rehearsal) => {
    const { cluster, objects } = rehearsal.stage;
    const before = withTag(objects, nextTag());
    await cluster.deleteJob('migrate');
    await cluster.apply(before);
    await cluster.settled(ROLLOUT_MS);
    await cluster.apply(withTag(before, tag, ['wa-gate/gateway', 'wa-gate/worker']));
    const [gateway, jobs] = ['Deployment/gateway', 'Deployment/jobs'].map((name) => {
      const controller = cluster.controller(name);
      if (!(controller instanceof DeploymentController)) throw new Error(`${name} is no Deployment`);
      return controller;
    });
    await waitFor(() => gateway!.isStuck(BROKEN_MS) && jobs!.isStuck(BROKEN_MS), {
      timeoutMs: ROLLOUT_MS,
      what: 'the rollout of a broken version to be stuck',
    });
    for (const controller of [gateway!, jobs!]) {
      const serving = cluster.podsOf(controller.name).filter((pod) => pod.isServing);
      if (serving.length !== controller.wished) throw new Error(`Of ${controller.name} only ${serving.length} serve`);
    }
    const workers = cluster.podsOf('StatefulSet/worker').filter((pod) => pod.isServing);
    if (workers.length !== 1) throw new Error(`${workers.length} workers serve: the update should have stopped at one`);
    await cluster.apply(before);
    await cluster.settled(ROLLOUT_MS);
  };

/** A migration that takes its time: nothing of the new version starts before it is through. */
async function slowMigration(rehearsal: Rehearsal): Promise<void> {
  const { cluster, migrations, ownMigrations } = rehearsal.stage;
  const tag = nextTag('slow');
  const folder = await mkdtemp(join(tmpdir(), 'wa-gate-rollout-migrations-'));
  try {
    await cp(ownMigrations, folder, { recursive: true });
    const slow = join(folder, `2999010100${String(versions).padStart(4, '0')}_slow`);
    await mkdir(slow);
    const table = `rehearsed_${versions}`;
    await writeFile(join(slow, 'migration.sql'), `SELECT pg_sleep(${MIGRATION_S});\nCREATE TABLE ${table} (id int);\n`);
    migrations.set(tag, folder);
    await release(rehearsal, tag);
    const early = () =>
      cluster
        .allPods()
        .filter((pod) => pod.plan.template.spec.containers.some(({ image }) => splitImage(image).tag === tag))
        .filter((pod) => !pod.plan.owner.startsWith('Job/') && pod.phase === 'Running');
    const isDone = () => {
      if (cluster.controller('Job/migrate').isDone()) return true;
      const found = early();
      if (found.length > 0) throw new Error(`${found[0]!.name} started before the migration was through`);
      return false;
    };
    const begun = performance.now();
    while (!isDone()) {
      if (performance.now() - begun > ROLLOUT_MS) throw new Error(`The migration did not end: ${cluster.progress()}`);
      await sleep(50);
    }
    if (performance.now() - begun < MIGRATION_S * 1_000) throw new Error('The migration was not slow');
    await cluster.settled(ROLLOUT_MS);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Kills the process of one pod; its kubelet starts it again. */
const kill =
  (owner: string): Scenario =>
  async ({ stage: { cluster }, onStrike }) => {
    const pods = cluster.podsOf(owner).filter((pod) => pod.isServing);
    const pod = pods[versions++ % pods.length]!;
    const { restarts } = pod;
    pod.kill();
    await onStrike();
    await waitFor(() => pod.restarts > restarts, { what: `the end of the process of ${pod.name}` });
    await cluster.settled(ROLLOUT_MS);
  };

/** What is rehearsed for every release: nothing of it may be noticed. */
export const REHEARSALS = {
  'rolling update of everything': update,
  'workers 2 -> 4 -> 2': scale,
  'each node drained': drain,
  'a version that never gets ready': broken(TAGS.neverReady),
  'an image that no registry has': broken(TAGS.missing),
  'a slow migration': slowMigration,
} satisfies Record<string, Scenario>;

/** What happens without being planned: some requests may fail, nothing may be lost. */
export const FAULTS = {
  'a worker is killed': kill('StatefulSet/worker'),
  'a gateway is killed': kill('Deployment/gateway'),
  'a jobs process is killed': kill('Deployment/jobs'),
  'Redis restarts': ({ stage }) => stage.databases.restart('redis', 'fast'),
} satisfies Record<string, Scenario>;

export type RehearsalName = keyof typeof REHEARSALS | keyof typeof FAULTS;

export const ALL: Readonly<Record<RehearsalName, Scenario>> = { ...REHEARSALS, ...FAULTS };
