/** The last `capacity` items, oldest first, and how many were dropped before them. */
export class Ring<T> {
  readonly capacity: number;
  private items: T[] = [];
  private start = 0;
  private lost = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.items.length;
  }

  get dropped(): number {
    return this.lost;
  }

  push(item: T): void {
    if (this.items.length < this.capacity) {
      this.items.push(item);
      return;
    }
    this.items[this.start] = item;
    this.start = (this.start + 1) % this.capacity;
    this.lost++;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.items.length; i++) yield this.items[(this.start + i) % this.items.length]!;
  }

  clear(): void {
    this.items = [];
    this.start = 0;
    this.lost = 0;
  }
}
