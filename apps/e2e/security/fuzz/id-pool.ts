import type { ResourceKind } from '../world/resource-kinds.ts';

/** More than this per kind would only make it less likely that a request meets something that is still there. */
const KEPT = 24;
const NONE = 'no-such-thing';

/** Ids of things that exist, or did a moment ago, by their kind. New ones push out the oldest. */
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

  /** What stays: half of the requests that do not end it are about it. Of a kind there is one set at a time. */
  pin(kind: ResourceKind, ids: readonly string[]): void {
    this.pinned.set(kind, [...ids]);
  }

  /** Every fifth time something that does not exist. */
  at(kind: ResourceKind, index: number, { ends }: { ends: boolean }): string {
    if (index % 5 === 4) return `${NONE}-${index}`;
    const turn = Math.floor(index / 5);
    const pinned = ends ? [] : (this.pinned.get(kind) ?? []);
    const known = pinned.length > 0 && turn % 2 === 0 ? pinned : [...(this.ids.get(kind) ?? []), ...pinned];
    return known[Math.floor(turn / 2) % known.length] ?? `${NONE}-${index}`;
  }
}
