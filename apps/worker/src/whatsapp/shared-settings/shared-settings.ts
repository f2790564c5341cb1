import { backoffDelay, type Logger } from '@wa-gate/kit';
import { SETTINGS_COLLECTIONS, type SettingsCollection, type SettingsPage, type StoredLabel } from '@wa-gate/messaging';
import { KeyedLock } from '../../keyed-lock.ts';
import {
  type BinaryNode,
  decodePatches,
  decodeSyncdSnapshot,
  encodeSyncdPatch,
  newLTHashState,
  processSyncAction,
  proto,
  type WAPatchCreate,
  type WASocket,
} from '../baileys.ts';
import type { BaileysLogger } from '../baileys-logger.ts';
import { NotReadyError } from '../errors.ts';
import { childrenOf } from '../nodes.ts';

import {
  CollectionRefusedError,
  type Fetched,
  fetchCollections,
  openRecords,
  uploadPatch,
  versionAfter,
} from './collections.ts';
import { readSetting } from './read-setting.ts';

/** A setting to be written. */
export interface NewSetting extends Omit<WAPatchCreate, 'operation'> {
  /** The setting is taken away. @default false */
  isRemoved?: boolean;
}

export interface SharedSettingsDependencies {
  sock: WASocket;
  /** The number of the linked account. */
  account: () => string;
  /** Of requests for what WhatsApp keeps as files. */
  options: RequestInit;
  logger: Logger;
  baileysLogger: BaileysLogger;
  isClosed: () => boolean;
  /** Up to which version collections of the account were read. */
  progress: (account: string) => Promise<ReadonlyMap<SettingsCollection, number>>;
  /** Stores what was read. */
  store: (page: SettingsPage) => Promise<void>;
  labels: () => Promise<StoredLabel[]>;
}

/** What a read has found. */
export interface SettingsRead {
  changes: number;
  versions: Record<string, number>;
}

/** Why collections could not be read or stored. */
type Failures = Map<SettingsCollection, unknown>;

const RETRY = { initialMs: 2_000, maxMs: 300_000 };
/** Attempts to write, when other devices write at the same time. */
const WRITE_ATTEMPTS = 4;
const CONFLICT = 409;

/**
 * The settings that the devices of an account share (WhatsApp's app state): how it shows its chats, its labels, its
 * stars. They are read here with a position of our own beside that of Baileys, which is moved together with what is
 * stored: so nothing is lost between the notification of WhatsApp and the database, nor what Baileys makes no event of.
 * They are written here, too: Baileys takes an upload that is refused, or that nobody answers, for done, goes on from a
 * version that does not exist, and asks for ever where nobody answers a read.
 */
export class SharedSettings {
  readonly #deps: SharedSettingsDependencies;
  readonly #turn = new KeyedLock();
  /** Collections that are to be read. */
  readonly #due = new Set<SettingsCollection>();
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: SharedSettingsDependencies) {
    this.#deps = deps;
  }

  /** The labels of the account, those that were deleted included, after {@link read}. */
  labels(): Promise<StoredLabel[]> {
    return this.#deps.labels();
  }

  /** One after another: for a change that depends on what was read before it. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turn.run('change', work);
  }

  /** The connection is open, or the phone has shared a key: whatever has changed meanwhile is read. */
  opened(): void {
    this.#readSoon(SETTINGS_COLLECTIONS);
  }

  /** WhatsApp says that another device has written. */
  notified(node: BinaryNode): void {
    const names = childrenOf(node).flatMap(({ tag, attrs }) => (tag === 'collection' ? [attrs.name] : []));
    this.#readSoon(SETTINGS_COLLECTIONS.filter((name) => names.includes(name)));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#due.clear();
  }

  /**
   * Reads what is new. Resolves when it is stored.
   *
   * @throws {NotReadyError} the phone has not shared its keys yet. @throws {NoAnswerError}
   * @throws {CollectionRefusedError} or what else keeps a collection from being read; the others are read all the same
   */
  async read(
    names: readonly SettingsCollection[] = SETTINGS_COLLECTIONS,
    { isComplete = false } = {},
  ): Promise<SettingsRead> {
    const { failures, ...read } = await this.#turn.run('read', () => this.#read(names, isComplete));
    for (const error of failures.values()) throw error;
    return read;
  }

  /**
   * Writes settings, one after another, and reads them back: so they are stored as those of other devices are.
   *
   * @throws {NotReadyError} @throws {NoAnswerError} @throws {CollectionRefusedError}
   */
  async write(settings: readonly NewSetting[]): Promise<void> {
    this.#assertReady();
    for (const setting of settings) {
      await this.#deps.sock.appStatePatchMutex.mutex(() => this.#write(setting));
    }
    const written = new Set<string>(settings.map(({ type }) => type));
    const names = SETTINGS_COLLECTIONS.filter((name) => written.has(name));
    if (names.length > 0) await this.read(names).catch((error: unknown) => this.#failed(error, names));
  }

  #assertReady(): void {
    if (this.#isReady) return;
    throw new NotReadyError(
      'The phone has not shared the key of the account’s settings with this session yet. It does so within a minute after linking.',
    );
  }

  get #isReady(): boolean {
    return this.#deps.sock.authState.creds.myAppStateKeyId !== undefined;
  }

  #readSoon(names: readonly SettingsCollection[]): void {
    for (const name of names) this.#due.add(name);
    if (this.#due.size === 0 || !this.#isReady || this.#deps.isClosed()) return;
    void this.#turn.run('read', async () => {
      const due = [...this.#due];
      this.#due.clear();
      if (due.length === 0 || this.#deps.isClosed()) return;
      try {
        const { failures } = await this.#read(due, false);
        for (const error of [...failures.values()].slice(0, 1)) this.#failed(error, [...failures.keys()]);
      } catch (error) {
        this.#failed(error, due);
      }
    });
  }

  /** What could not be read or stored is read again, later and later. */
  #failed(error: unknown, names: readonly SettingsCollection[]): void {
    if (this.#deps.isClosed()) return;
    for (const name of names) this.#due.add(name);
    const ms = backoffDelay(this.#failures, RETRY);
    this.#failures += 1;
    this.#deps.logger.warn({ err: error, collections: names }, 'shared settings not read, trying again');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#readSoon([]), ms).unref();
  }

  /** A collection that cannot be read or stored keeps none of the others back. */
  async #read(
    names: readonly SettingsCollection[],
    isComplete: boolean,
  ): Promise<SettingsRead & { failures: Failures }> {
    this.#assertReady();
    const { sock, options } = this.#deps;
    const account = this.#deps.account();
    const progress = await this.#deps.progress(account);
    const isFirst = (name: SettingsCollection) => isComplete || !progress.has(name);
    const positions = new Map(names.map((name) => [name, isFirst(name) ? 0 : progress.get(name)!]));
    const started = new Set<SettingsCollection>();
    const failures: Failures = new Map();
    let changes = 0;
    for (let open = [...names]; open.length > 0; ) {
      const wanted = open.map((name) => ({ name, version: positions.get(name)! }));
      const fetched = await fetchCollections(sock, wanted, options);
      open = [];
      for (const [name, part] of fetched) {
        const before = positions.get(name)!;
        try {
          if (part instanceof Error) throw part;
          const version = versionAfter(part, before);
          const isFromStart = isFirst(name) && !started.has(name);
          const place = { collection: name, account, version, isFromStart, isSilent: isFirst(name) };
          changes += await this.#store(part, place, isFromStart || version !== before);
          started.add(name);
          positions.set(name, version);
          if (part.hasMorePatches && version !== before) open.push(name);
        } catch (error) {
          failures.set(name, error);
        }
      }
    }
    if (failures.size === 0) this.#failures = 0;
    return { changes, versions: Object.fromEntries(positions), failures };
  }

  /** Returns how many settings there are. */
  async #store(part: Fetched, place: Omit<SettingsPage, 'settings'>, isNews: boolean): Promise<number> {
    const opened = await openRecords(part, this.#findKey, this.#deps.options);
    const settings = opened.flatMap((record) => readSetting(record) ?? []);
    if (isNews) await this.#deps.store({ ...place, settings });
    return settings.length;
  }

  readonly #findKey = async (keyId: string) =>
    (await this.#deps.sock.authState.keys.get('app-state-sync-key', [keyId]))[keyId];

  /** Brings the hash of the collection up to date, and writes on top of it. */
  async #write({ isRemoved = false, ...setting }: NewSetting): Promise<void> {
    const { sock } = this.#deps;
    const { SET, REMOVE } = proto.SyncdMutation.SyncdOperation;
    const timestamped = { ...setting.syncAction, timestamp: Date.now() };
    for (let attempt = 1; ; attempt += 1) {
      const before = await this.#upToDate(setting.type);
      const { patch, state } = await encodeSyncdPatch(
        { ...setting, syncAction: timestamped, operation: isRemoved ? REMOVE : SET },
        sock.authState.creds.myAppStateKeyId!,
        before,
        this.#findKey,
      );
      if (isRemoved) forget(state.indexValueMap, patch);
      try {
        await uploadPatch(sock, { name: setting.type, version: before.version }, patch);
        await sock.authState.keys.set({ 'app-state-sync-version': { [setting.type]: state } });
        return;
      } catch (error) {
        const isConflict = error instanceof CollectionRefusedError && error.data === CONFLICT;
        if (!isConflict || attempt === WRITE_ATTEMPTS) throw error;
      }
    }
  }

  /** The state of a collection as Baileys keeps it, after the patches that it lacks. Baileys learns what they say. */
  async #upToDate(name: WAPatchCreate['type']) {
    const { sock, options, baileysLogger } = this.#deps;
    const { keys, creds } = sock.authState;
    let state = (await keys.get('app-state-sync-version', [name]))[name] ?? newLTHashState();
    for (let hasMore = true; hasMore; ) {
      const part = (await fetchCollections(sock, [{ name, version: state.version }], options)).get(name);
      if (part instanceof Error) throw part;
      if (!part || (part.patches.length === 0 && !part.snapshot)) break;
      const said = [];
      if (part.snapshot) {
        const read = await decodeSyncdSnapshot(name, part.snapshot, this.#findKey, undefined, true, baileysLogger);
        state = read.state;
        said.push(read.mutationMap);
      }
      const version = state.version;
      const read = await decodePatches(name, part.patches, state, this.#findKey, options, version, baileysLogger);
      state = read.state;
      said.push(read.mutationMap);
      await keys.set({ 'app-state-sync-version': { [name]: state } });
      for (const mutations of said) {
        for (const mutation of Object.values(mutations)) {
          if (creds.me) processSyncAction(mutation, sock.ev, creds.me, undefined, baileysLogger);
        }
      }
      hasMore = part.hasMorePatches && part.patches.length > 0;
    }
    return state;
  }
}

/**
 * Baileys keeps the value of a record that it has removed. The next value of that index would be reckoned against it,
 * and the hash of the collection would be wrong for all other devices.
 */
function forget(values: Record<string, unknown>, { mutations }: proto.ISyncdPatch): void {
  for (const { record } of mutations ?? []) delete values[Buffer.from(record?.index?.blob ?? []).toString('base64')];
}
