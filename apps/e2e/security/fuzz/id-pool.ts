import type { ResourceKind } from '../world/resource-kinds.ts';

/** The maximum of ids per kind. With more, fewer requests would meet a resource that still exists. */
const KEPT = 24;
const NONE = 'no-such-thing';

/** Ids of existing or recent resources, by kind. New ones replace the oldest. */
export class IdPool {
  private readonly ids = new Map<ResourceKind, string[]>();
  private readonly pinned = new Map<ResourceKind, string[]>();

  add(kind: ResourceKind, id: string): void {
    const known = this.ids.get(kind) ?? [];
    if (known.includes(id) || this.pinned.get(kind)?.includes(id)) return;
    known.push(id);
    if (known.length > KEPT) known.shift();
    this.ids.set(kind, known);
  }

  /** Ids of lasting resources: half of the requests that do not end a resource use them. One set per kind at a time. */
  pin(kind: ResourceKind, ids: readonly string[]): void {
    this.pinned.set(kind, [...ids]);
  }

  /** Returns an id of the kind; every fifth time an unknown one. */
  at(kind: ResourceKind, index: number, { ends }: { ends: boolean }): string {
    if (index % 5 === 4) return `${NONE}-${index}`;
    const turn = Math.floor(index / 5);
    const pinned = ends ? [] : (this.pinned.get(kind) ?? []);
    const known = pinned.length > 0 && turn % 2 === 0 ? pinned : [...(this.ids.get(kind) ?? []), ...pinned];
    return known[Math.floor(turn / 2) % known.length] ?? `${NONE}-${index}`;
  }
}
