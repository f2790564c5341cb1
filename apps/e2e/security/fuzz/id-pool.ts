import type { ResourceKind } from '../world/resource-kinds.ts';

/** More than this per kind would only make it less likely that a request meets something that is still there. */
const KEPT = 24;
const NONE = 'no-such-thing';

/** Ids of things that exist, or did a moment ago, by their kind. New ones push out the oldest. */
export class IdPool {
  private readonly ids = new Map<ResourceKind, string[]>();

  add(kind: ResourceKind, id: string): void {
    const known = this.ids.get(kind) ?? [];
    if (known.includes(id)) return;
    known.push(id);
    if (known.length > KEPT) known.shift();
    this.ids.set(kind, known);
  }

  forget(kind: ResourceKind, id: string): void {
    const known = this.ids.get(kind);
    if (known)
      this.ids.set(
        kind,
        known.filter((other) => other !== id),
      );
  }

  /** Every fifth time something that does not exist. */
  at(kind: ResourceKind, index: number): string {
    const known = this.ids.get(kind) ?? [];
    if (known.length === 0 || index % 5 === 4) return `${NONE}-${index}`;
    return known[Math.floor(index / 5) % known.length]!;
  }

  has(kind: ResourceKind): boolean {
    return (this.ids.get(kind)?.length ?? 0) > 0;
  }
}
