import type { Business } from '../../accounts/account.ts';
import { type BinaryNode, child, children, node, text } from '../../wire/node.ts';
import { answer, type IqRequest, refuseIq, refuseUnknown } from './answer.ts';

/** The profile of a business; of other accounts nothing. A business changes its own. */
export function handleBusinessIq(request: IqRequest): void {
  const { context, connection, iq, query } = request;
  if (query?.tag !== 'business_profile') {
    refuseUnknown(request);
    return;
  }
  if (iq.attrs.type === 'set') {
    changeOwn(request);
    return;
  }
  const jid = child(query, 'profile')?.attrs.jid;
  const business = context.directory.resolve(jid)?.account.business;
  const profile = business && jid ? [node('profile', { jid }, partsOf(business))] : [];
  answer(connection, iq, [node('business_profile', { v: query?.attrs.v }, profile)]);
}

function changeOwn({ connection, companion, iq, query }: IqRequest): void {
  const { account } = companion;
  if (!account.business) {
    refuseIq(connection, iq, 403, 'forbidden');
    return;
  }
  const change: Partial<Business> = {};
  for (const part of children(query)) {
    const said = text(part) ?? '';
    if (part.tag === 'website') change.websites = [...(change.websites ?? []), ...(said ? [said] : [])];
    else if (part.tag === 'description' || part.tag === 'address' || part.tag === 'email') change[part.tag] = said;
  }
  account.business = { ...account.business, ...change };
  account.save();
  answer(connection, iq);
}

function partsOf({ description, category, address, email, websites = [] }: Business): BinaryNode[] {
  const leaf = (tag: string, said: string | undefined) =>
    said === undefined ? [] : [node(tag, {}, Buffer.from(said))];
  return [
    ...leaf('description', description),
    ...(category === undefined ? [] : [node('categories', {}, leaf('category', category))]),
    ...leaf('address', address),
    ...leaf('email', email),
    ...websites.flatMap((website) => leaf('website', website)),
  ];
}
