import { randomBytes } from 'node:crypto';
import {
  AppStateError,
  type AppStateKey,
  type AppStateMutation,
  type CollectionName,
  type CollectionState,
  decodePatch,
  emptyCollection,
  encodePatch,
  stampPatchVersion,
} from '../signal/app-state.ts';
import type { Journal } from '../store/journal.ts';

const COLLECTIONS: readonly CollectionName[] = [
  'critical_block',
  'critical_unblock_low',
  'regular_high',
  'regular_low',
  'regular',
];

export const isCollection = (name: string): name is CollectionName => (COLLECTIONS as readonly string[]).includes(name);

/** The outcome of an upload: accepted under a version, or refused because it was made for an older version. */
type UploadResult =
  | { accepted: true; version: number; problem: string | null; mutations: AppStateMutation[] }
  | { accepted: false; version: number };

/**
 * The settings that the devices of an account share. The server keeps the log of patches per collection. The phone
 * reads the uploads of companions (which checks their MACs) and writes patches itself.
 */
export class AppState {
  readonly key: AppStateKey;
  private readonly number: string;
  private readonly journal: Journal;
  private readonly patches = new Map<CollectionName, Buffer[]>();
  private readonly views = new Map<CollectionName, CollectionState>();

  constructor(number: string, journal: Journal) {
    this.number = number;
    this.journal = journal;
    const stored = journal.read(this.keyStorageKey);
    const material = stored ? Buffer.from(stored) : randomBytes(38);
    this.key = { keyId: material.subarray(0, 6), keyData: material.subarray(6) };
    if (!stored) journal.touch(this.keyStorageKey, () => material);
    for (const name of COLLECTIONS) {
      const log: Buffer[] = [];
      for (
        let patch = journal.read(this.patchKey(name, 1));
        patch;
        patch = journal.read(this.patchKey(name, log.length + 1))
      ) {
        log.push(patch);
      }
      if (log.length) this.patches.set(name, log);
    }
  }

  version(name: CollectionName): number {
    return this.patches.get(name)?.length ?? 0;
  }

  /** The patches after a version, oldest first. */
  since(name: CollectionName, version: number): Buffer[] {
    return this.patches.get(name)?.slice(version) ?? [];
  }

  /** Appends the patch of a companion, which must be made for the present version. */
  upload(name: CollectionName, madeFor: number, patch: Buffer): UploadResult {
    const version = this.version(name);
    if (madeFor !== version) return { accepted: false, version };
    const stamped = stampPatchVersion(patch, version + 1);
    const followed = this.follow(name, stamped);
    this.append(name, stamped);
    const isReadable = typeof followed !== 'string';
    const problem = isReadable ? null : followed;
    return { accepted: true, version: version + 1, problem, mutations: isReadable ? followed : [] };
  }

  /** Appends a patch of the phone. @returns the new version */
  write(name: CollectionName, mutations: AppStateMutation[]): number {
    const view = this.view(name);
    this.append(name, encodePatch(name, view, this.key, mutations));
    return this.version(name);
  }

  erase(): void {
    for (const [name, log] of this.patches) {
      for (let version = 1; version <= log.length; version++)
        this.journal.touch(this.patchKey(name, version), () => null);
    }
    this.journal.touch(this.keyStorageKey, () => null);
    this.patches.clear();
    this.views.clear();
  }

  /** Applies a patch to the view of the phone. Returns what it says, or the problem. */
  private follow(name: CollectionName, patch: Buffer): AppStateMutation[] | string {
    try {
      return decodePatch(name, this.view(name), patch, this.findKey);
    } catch (error) {
      if (error instanceof AppStateError) return error.message;
      throw error;
    }
  }

  /** The view of the phone of a collection, replayed from the log at its first use. */
  private view(name: CollectionName): CollectionState {
    let view = this.views.get(name);
    if (!view) {
      view = emptyCollection();
      for (const patch of this.patches.get(name) ?? []) decodePatch(name, view, patch, this.findKey);
      this.views.set(name, view);
    }
    return view;
  }

  private readonly findKey = (keyId: Buffer): AppStateKey | undefined =>
    keyId.equals(this.key.keyId) ? this.key : undefined;

  private append(name: CollectionName, patch: Buffer): void {
    const log = this.patches.get(name) ?? [];
    log.push(patch);
    this.patches.set(name, log);
    this.journal.touch(this.patchKey(name, log.length), () => (this.patches.get(name) === log ? patch : null));
  }

  private get keyStorageKey(): string {
    return `appstatekey/${this.number}`;
  }

  private patchKey(name: CollectionName, version: number): string {
    return `appstate/${this.number}/${name}:${version}`;
  }
}
