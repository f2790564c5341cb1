import type { Account, Companion } from '../../accounts/account.ts';
import { isCollection } from '../../accounts/app-state.ts';
import { unixSeconds } from '../../clock.ts';
import type { CollectionName } from '../../signal/app-state.ts';
import { type BinaryNode, bytes, child, children, node } from '../../wire/node.ts';
import type { ServerBase } from '../base.ts';
import { newStanzaId } from '../stanza-id.ts';
import { answer, type IqRequest, wordOf } from './answer.ts';

/** Settings that the devices of an account share: each collection is a log of patches. */
export function handleAppStateIq(request: IqRequest): void {
  const { connection, iq, query } = request;
  const collections = children(query, 'collection').map((collection) => answerCollection(request, collection));
  answer(connection, iq, [node('sync', {}, collections)]);
}

/** Each collection has a refusal of its own. */
export function refuseAppStateIq({ connection, iq, query }: IqRequest, code: number): void {
  const collections = children(query, 'collection').map(({ attrs }) => refusal(attrs.name ?? '', code, wordOf(code)));
  answer(connection, iq, [node('sync', {}, collections)]);
}

function answerCollection({ context, companion }: IqRequest, collection: BinaryNode): BinaryNode {
  const { name = '' } = collection.attrs;
  const { appState } = companion.account;
  if (!isCollection(name)) return refusal(name, 400, 'bad-request');
  const known = Number(collection.attrs.version ?? 0);
  const patch = bytes(child(collection, 'patch'));
  if (!patch) {
    const patches = appState.since(name, known).map((each) => node('patch', {}, each));
    const attrs = { name, version: String(known), has_more_patches: 'false' };
    return node('collection', attrs, patches.length ? [node('patches', {}, patches)] : undefined);
  }
  const result = context.recorder.cpu.span('phone', () => appState.upload(name, known, patch));
  if (!result.accepted) return refusal(name, 409, 'conflict');
  if (result.problem) context.recorder.violation(companion.key, 'app-state-patch', `${name}: ${result.problem}`);
  context.phones.of(companion.account).settingsChanged(result.mutations);
  announceCollection(context, companion.account, name, companion);
  return node('collection', { name, version: String(result.version) });
}

/** Notifies the companions of an account of a new version of a collection. */
export function announceCollection(
  context: ServerBase,
  account: Account,
  name: CollectionName,
  except: Companion | null,
): void {
  for (const sibling of account.companions.values()) {
    if (sibling === except) continue;
    context.delivery.deliver(
      sibling,
      node('notification', { id: newStanzaId(), from: account.jid, type: 'server_sync', t: String(unixSeconds()) }, [
        node('collection', { name, version: String(account.appState.version(name)) }),
      ]),
    );
  }
}

function refusal(name: string, code: number, text: string): BinaryNode {
  return node('collection', { name, type: 'error' }, [node('error', { code: String(code), text })]);
}
