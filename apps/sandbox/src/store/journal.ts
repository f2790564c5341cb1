import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from './crc32.ts';

/**
 * The stored state of the sandbox: an append-only file of key/value records.
 *
 * While the process runs, its objects (accounts, queues, Signal sessions) are authoritative. A changed object is
 * `touch`ed. At the end of the same turn of the event loop it is serialised once, for any number of changes, and
 * appended. A record has a CRC: a file truncated by `kill -9` is read up to its last whole record and truncated there,
 * so it is always readable. Only offsets are kept in memory. When most of the file is garbage, it is rewritten to a new
 * file and renamed.
 *
 * `fsync` is not called per flush: records survive the end of the process, not that of the machine.
 *
 * Record: u32 length of the rest | u32 crc of it | u8 operation | u16 key length | key | value
 */
export interface Journal {
  /** Marks a key as changed. `serialise` runs at the next flush and returns null when the object is gone. */
  touch(key: string, serialise: () => Buffer | null): void;
  /** Reads a stored value; pending touches are not seen. */
  read(key: string): Buffer | null;
  /** All stored keys of a space: `a/b/c` is in the space `a/b/`. */
  keys(space: string): string[];
  /** Writes all touched keys now. Call it before an answer that promises that something is stored. */
  flush(): void;
  /** Runs `run` once all keys touched so far are written. */
  afterFlush(run: () => void): void;
  /** Deletes all records. */
  clear(): void;
  close(): void;
}

const HEADER = 8;
const PUT = 1;
const DELETE = 2;
const COMPACT_AT_BYTES = 64 * 1024 * 1024;

const spaceOf = (key: string) => key.slice(0, key.lastIndexOf('/') + 1);

interface Slot {
  offset: number;
  length: number;
}

function encodeRecord(operation: number, key: string, value: Buffer): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const record = Buffer.allocUnsafe(HEADER + 3 + keyBytes + value.length);
  record.writeUInt32BE(3 + keyBytes + value.length, 0);
  record.writeUInt8(operation, HEADER);
  record.writeUInt16BE(keyBytes, HEADER + 1);
  record.write(key, HEADER + 3);
  value.copy(record, HEADER + 3 + keyBytes);
  record.writeUInt32BE(crc32(record.subarray(HEADER)), 4);
  return record;
}

export class FileJournal implements Journal {
  private readonly path: string;
  private readonly index = new Map<string, Slot>();
  private readonly spaces = new Map<string, Set<string>>();
  private readonly dirty = new Map<string, () => Buffer | null>();
  private fd: number;
  private size = 0;
  private liveBytes = 0;
  private scheduled: NodeJS.Immediate | null = null;
  private waiting: (() => void)[] = [];
  private closed = false;

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.path = join(directory, 'state.log');
    this.fd = openSync(this.path, existsSync(this.path) ? 'r+' : 'w+', 0o600);
    this.load();
    if (this.isMostlyGarbage(1024 * 1024)) this.compact();
  }

  touch(key: string, serialise: () => Buffer | null): void {
    this.dirty.set(key, serialise);
    if (!this.scheduled && !this.closed) this.scheduled = setImmediate(() => this.flush());
  }

  read(key: string): Buffer | null {
    const slot = this.index.get(key);
    if (!slot) return null;
    const value = Buffer.allocUnsafe(slot.length);
    readSync(this.fd, value, 0, slot.length, slot.offset);
    return value;
  }

  keys(space: string): string[] {
    return [...(this.spaces.get(space) ?? [])];
  }

  flush(): void {
    if (this.scheduled) clearImmediate(this.scheduled);
    this.scheduled = null;
    if (this.closed) return;
    this.write();
    const waiting = this.waiting;
    this.waiting = [];
    for (const run of waiting) run();
  }

  afterFlush(run: () => void): void {
    if (this.dirty.size === 0 || this.closed) run();
    else this.waiting.push(run);
  }

  clear(): void {
    this.dirty.clear();
    this.index.clear();
    this.spaces.clear();
    this.liveBytes = 0;
    this.size = 0;
    truncateSync(this.path, 0);
  }

  close(): void {
    if (this.closed) return;
    this.flush();
    this.closed = true;
    fsyncSync(this.fd);
    closeSync(this.fd);
  }

  private write(): void {
    if (this.dirty.size === 0) return;
    const records: Buffer[] = [];
    let position = this.size;
    for (const [key, serialise] of this.dirty) {
      const value = serialise();
      if (!value && !this.index.has(key)) continue; // came and went between two flushes
      const record = encodeRecord(value ? PUT : DELETE, key, value ?? Buffer.alloc(0));
      if (value) this.enter(key, { offset: position + record.length - value.length, length: value.length });
      else this.leave(key);
      records.push(record);
      position += record.length;
    }
    this.dirty.clear();
    if (records.length) this.append(records.length === 1 ? records[0]! : Buffer.concat(records));
    if (this.isMostlyGarbage(COMPACT_AT_BYTES)) this.compact();
  }

  private enter(key: string, slot: Slot): void {
    const old = this.index.get(key);
    this.index.set(key, slot);
    this.liveBytes += slot.length - (old?.length ?? 0);
    if (old) return;
    const space = spaceOf(key);
    const keys = this.spaces.get(space);
    if (keys) keys.add(key);
    else this.spaces.set(space, new Set([key]));
  }

  private leave(key: string): void {
    const old = this.index.get(key);
    if (!old) return;
    this.index.delete(key);
    this.liveBytes -= old.length;
    const space = spaceOf(key);
    const keys = this.spaces.get(space);
    keys?.delete(key);
    if (keys?.size === 0) this.spaces.delete(space);
  }

  private append(bytes: Buffer): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.fd, bytes, done, bytes.length - done, this.size + done);
    this.size += bytes.length;
  }

  private isMostlyGarbage(minimum: number): boolean {
    return this.size > minimum && this.liveBytes * 3 < this.size;
  }

  private load(): void {
    const total = statSync(this.path).size;
    const chunk = Buffer.allocUnsafe(4 * 1024 * 1024);
    let pending = Buffer.alloc(0);
    let base = 0; // file offset of pending[0]
    for (let position = 0; position < total; ) {
      const read = readSync(this.fd, chunk, 0, chunk.length, position);
      if (read === 0) break;
      position += read;
      pending = Buffer.concat([pending, chunk.subarray(0, read)]);
      const { used, damaged } = this.scan(pending, base);
      base += used;
      pending = pending.subarray(used);
      if (damaged) break; // everything after it was written later and cannot be trusted to be aligned
    }
    this.size = base;
    if (base < total) truncateSync(this.path, base);
  }

  /** Indexes whole, undamaged records. */
  private scan(bytes: Buffer, base: number): { used: number; damaged: boolean } {
    let at = 0;
    while (bytes.length - at >= HEADER) {
      const length = bytes.readUInt32BE(at);
      if (bytes.length - at < HEADER + length) break;
      const body = bytes.subarray(at + HEADER, at + HEADER + length);
      if (length < 3 || crc32(body) !== bytes.readUInt32BE(at + 4)) return { used: at, damaged: true };
      const keyBytes = body.readUInt16BE(1);
      const key = body.toString('utf8', 3, 3 + keyBytes);
      if (body[0] === PUT)
        this.enter(key, { offset: base + at + HEADER + 3 + keyBytes, length: length - 3 - keyBytes });
      else this.leave(key);
      at += HEADER + length;
    }
    return { used: at, damaged: false };
  }

  private compact(): void {
    const next = `${this.path}.new`;
    const fd = openSync(next, 'w+', 0o600);
    const moved = new Map<string, Slot>();
    let position = 0;
    for (const key of this.index.keys()) {
      const value = this.read(key)!;
      const record = encodeRecord(PUT, key, value);
      for (let done = 0; done < record.length; ) done += writeSync(fd, record, done);
      moved.set(key, { offset: position + record.length - value.length, length: value.length });
      position += record.length;
    }
    fsyncSync(fd);
    renameSync(next, this.path);
    closeSync(this.fd);
    this.fd = fd;
    this.size = position;
    for (const [key, slot] of moved) this.index.set(key, slot);
  }
}

/** The journal of a sandbox without a data directory: it stores nothing. */
export class MemoryJournal implements Journal {
  touch(): void {}
  read(): null {
    return null;
  }
  keys(): string[] {
    return [];
  }
  flush(): void {}
  afterFlush(run: () => void): void {
    run();
  }
  clear(): void {}
  close(): void {}
}
