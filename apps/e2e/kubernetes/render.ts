import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { repositoryFile } from '../harness/repository.ts';
import { kubectl } from './kubectl.ts';
import type { KubernetesObject } from './objects.ts';

/** The overlays of the repository. */
export const OVERLAYS = ['dev', 'production'] as const;
export type Overlay = (typeof OVERLAYS)[number];

export const manifestsFolder = fileURLToPath(repositoryFile('k8s/'));

/** Parses YAML documents. @throws {Error} for what is no YAML, and for keys that are there twice */
export function parseObjects(text: string): KubernetesObject[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as KubernetesObject;
  });
}

/** The objects that `kubectl apply -k` would send. */
export async function render(folder: string): Promise<KubernetesObject[]> {
  return parseObjects(await kubectl(['kustomize', folder]));
}

export const renderOverlay = (overlay: Overlay): Promise<KubernetesObject[]> =>
  render(`${manifestsFolder}overlays/${overlay}`);
