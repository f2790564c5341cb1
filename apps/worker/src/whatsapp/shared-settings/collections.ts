import {
  type BinaryNode,
  decodeSyncdMutations,
  downloadExternalPatch,
  extractSyncdPatches,
  newLTHashState,
  proto,
  S_WHATSAPP_NET,
  type WAPatchCreate,
  type WASocket,
} from '../baileys.ts';
import { askNode, childOf, childrenOf, nodeOf } from '../nodes.ts';
import type { OpenedSetting } from './read-setting.ts';

type Collection = WAPatchCreate['type'];

/** A collection, from a version on. */
export interface Wanted<N extends Collection = Collection> {
  name: N;
  /** 0: from its beginning. */
  version: number;
}

/** What WhatsApp has of a collection after a version. */
export interface Fetched {
  patches: proto.ISyncdPatch[];
  snapshot?: proto.ISyncdSnapshot;
  hasMorePatches: boolean;
}

/** WhatsApp refuses to read or write a collection, with the code of its answer. */
export class CollectionRefusedError extends Error {
  override name = 'CollectionRefusedError';
  /** As `whatsAppCodeOf` reads it. */
  readonly data: number;

  constructor(name: string, code: number) {
    super(`WhatsApp has refused the collection ${name} with ${code}.`);
    this.data = code;
  }
}

export type FindKey = (keyId: string) => Promise<proto.Message.IAppStateSyncKeyData | null | undefined>;

const COLLECTION = 'w:sync:app:state';

const askCollections = (sock: Pick<WASocket, 'query'>, collections: BinaryNode[]): Promise<BinaryNode> =>
  askNode(sock, {
    ...nodeOf('iq', { to: S_WHATSAPP_NET, type: 'set', xmlns: COLLECTION }),
    content: [nodeOf('sync', {}, collections)],
  });

const collectionsOf = (answer: BinaryNode): BinaryNode[] => childrenOf(childOf(answer, 'sync'));

/** @throws {CollectionRefusedError} when WhatsApp refuses the collection */
function refuse(collection: BinaryNode): void {
  const { type, name = '' } = collection.attrs;
  if (type === 'error') throw new CollectionRefusedError(name, Number(childOf(collection, 'error')?.attrs.code ?? 500));
}

/**
 * Asks for collections, all in one query. Of one that WhatsApp refuses, or whose file cannot be fetched, it is the
 * error.
 *
 * @param options of the requests for what WhatsApp keeps as files
 * @throws {NoAnswerError}
 */
export async function fetchCollections<N extends Collection>(
  sock: Pick<WASocket, 'query'>,
  wanted: readonly Wanted<N>[],
  options: RequestInit,
): Promise<Map<N, Fetched | Error>> {
  const answer = await askCollections(
    sock,
    wanted.map(({ name, version }) =>
      nodeOf('collection', { name, version: String(version), return_snapshot: String(version === 0) }),
    ),
  );
  const fetched = new Map<N, Fetched | Error>();
  for (const { name } of wanted) {
    const collection = collectionsOf(answer).find(({ attrs }) => attrs.name === name);
    if (collection) fetched.set(name, await extract(name, collection, options).catch((error: Error) => error));
  }
  return fetched;
}

async function extract(name: Collection, collection: BinaryNode, options: RequestInit): Promise<Fetched> {
  refuse(collection);
  return (await extractSyncdPatches(nodeOf('iq', {}, [nodeOf('sync', {}, [collection])]), options))[name];
}

/**
 * Writes a patch that was made for a version.
 *
 * @throws {NoAnswerError} @throws {CollectionRefusedError} with 409: the collection has another version by now
 */
export async function uploadPatch(
  sock: Pick<WASocket, 'query'>,
  { name, version }: Wanted,
  patch: proto.ISyncdPatch,
): Promise<void> {
  const content = proto.SyncdPatch.encode(patch).finish();
  const attrs = { name, version: String(version), return_snapshot: 'false' };
  const answer = await askCollections(sock, [nodeOf('collection', attrs, [{ tag: 'patch', attrs: {}, content }])]);
  collectionsOf(answer).forEach(refuse);
}

/** The version that what was fetched leads to. */
export function versionAfter({ patches, snapshot }: Fetched, before: number): number {
  const last = patches.at(-1)?.version?.version ?? snapshot?.version?.version;
  return last === undefined || last === null ? before : Number(last);
}

/**
 * Opens the records of a collection, in their order. Each is checked by its own MACs. One that is damaged is left out,
 * as phones do it.
 *
 * @throws what `findKey` throws, and an error with `data.isMissingKey` when the phone has not shared the key of a
 *   record
 */
export async function openRecords(
  { patches, snapshot }: Fetched,
  findKey: FindKey,
  options: RequestInit,
): Promise<OpenedSetting[]> {
  const opened: OpenedSetting[] = [];
  // Baileys takes a record whose key could not be read for a damaged one, and leaves it out.
  let failure: { error: unknown } | undefined;
  const find: FindKey = async (keyId) => {
    try {
      return await findKey(keyId);
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  const open = async (record: proto.ISyncdMutation | proto.ISyncdRecord, isRemoved: boolean) => {
    try {
      await decodeSyncdMutations(
        [record],
        newLTHashState(),
        find,
        ({ syncAction, index }) => opened.push({ index, value: syncAction.value ?? {}, isRemoved }),
        true,
      );
    } catch (error) {
      if (isMissingKey(error)) throw error;
    }
    if (failure) throw failure.error;
  };
  for (const record of snapshot?.records ?? []) await open(record, false);
  const { REMOVE } = proto.SyncdMutation.SyncdOperation;
  for (const { mutations, externalMutations } of patches) {
    const outside = externalMutations ? (await downloadExternalPatch(externalMutations, options)).mutations : [];
    for (const mutation of [...(mutations ?? []), ...outside]) await open(mutation, mutation.operation === REMOVE);
  }
  return opened;
}

const isMissingKey = (error: unknown): boolean =>
  (error as { data?: { isMissingKey?: boolean } }).data?.isMissingKey === true;
