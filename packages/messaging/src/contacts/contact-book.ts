import { type ContactFact, isLidJid, isNumberJid, NAME_KINDS, type NameKind } from './contact-fact.ts';

/** A row of `contact_identities`: one name of a contact. */
export interface IdentityRow {
  jid: string;
  contactId: string;
  /** The jid that WhatsApp answered with when it was asked for this number. */
  spellingOf: string | null;
  /** Of a number: when WhatsApp last said which LID has it. Milliseconds since 1970. */
  mappedAt: number | null;
}

/** A row of `contacts` that is not merged into another one. */
export interface ContactRow {
  id: string;
  /** With the time at which each was told, in milliseconds since 1970. */
  names: Partial<Record<NameKind, { value: string | null; at: number }>>;
  isBusiness: boolean;
  /** Milliseconds since 1970. */
  firstSeenAt: number;
  lastSeenAt: number;
}

/** A contact with what follows from its names. */
export interface ContactView extends ContactRow {
  name: string | null;
  /** With +. */
  phoneNumber: string | null;
  lid: string | null;
}

/** What a contact that was known before has become. */
export interface ContactChange {
  contact: ContactView;
  /** Ids that mean this contact from now on. */
  merged: string[];
  /** All names by which it is known now. */
  jids: string[];
}

/** What the facts have changed. */
export interface BookChanges {
  contacts: ContactView[];
  identities: IdentityRow[];
  merged: { id: string; into: string }[];
  /** Contacts from before that got another id, a number or a LID. */
  changes: ContactChange[];
}

/** The order in which names are shown. */
const SHOWN: readonly NameKind[] = ['saved', 'book', 'push', 'verified', 'business'];

/**
 * The contacts of one workspace that some facts are about, with all their names. Applies facts; pure.
 *
 * A LID is a person. A number is what the person is called by, and may change hands: it belongs to the LID that
 * WhatsApp named last, together with its spellings. Contacts that turn out to be one person are merged, the older id
 * stays, and no fact takes them apart again. The result does not depend on the order of the facts.
 */
export class ContactBook {
  readonly #contacts = new Map<string, ContactRow>();
  readonly #identities = new Map<string, IdentityRow>();
  readonly #jids = new Map<string, Set<string>>();
  readonly #newId: () => string;
  /** What was known before, to tell what is new. */
  readonly #before = new Map<string, ContactView>();
  readonly #touched = new Set<string>();
  readonly #moved = new Set<string>();
  readonly #merged = new Map<string, string>();

  constructor(contacts: readonly ContactRow[], identities: readonly IdentityRow[], newId: () => string) {
    for (const contact of contacts) this.#contacts.set(contact.id, { ...contact, names: { ...contact.names } });
    for (const identity of identities) {
      this.#identities.set(identity.jid, { ...identity });
      this.#addTo(identity.contactId, identity.jid);
    }
    for (const id of this.#contacts.keys()) this.#before.set(id, this.#view(id));
    this.#newId = newId;
  }

  apply(fact: ContactFact): void {
    const at = fact.at.getTime();
    this.#meet(fact.jid, at);
    if (fact.altJid !== undefined && fact.altJid !== fact.jid) {
      const [number, lid] = isLidJid(fact.jid) ? [fact.altJid, fact.jid] : [fact.jid, fact.altJid];
      if (isNumberJid(number) && isLidJid(lid)) this.#map(number, lid, at);
    }
    for (const spelling of fact.spellings ?? []) this.#spell(spelling, fact.jid, at);
    this.#describe(this.#contactOf(fact.jid)!, fact, at);
  }

  /** Whether somebody has this name. */
  knows(jid: string): boolean {
    return this.#identities.has(jid);
  }

  /** All contacts, each with its names. For tests and for whoever needs the whole. */
  views(): { contact: ContactView; jids: string[] }[] {
    return [...this.#contacts.keys()].map((id) => ({ contact: this.#view(id), jids: this.#jidsOf(id) }));
  }

  changes(): BookChanges {
    const contacts = [...this.#touched].filter((id) => this.#contacts.has(id)).map((id) => this.#view(id));
    const mergedInto = new Map<string, string[]>();
    for (const id of this.#merged.keys()) {
      // What was made by these facts, nobody knows yet.
      if (!this.#before.has(id)) continue;
      const into = this.#survivorOf(id);
      mergedInto.set(into, [...(mergedInto.get(into) ?? []), id]);
    }
    return {
      contacts,
      identities: [...this.#moved].map((jid) => this.#identities.get(jid)!),
      merged: [...mergedInto].flatMap(([into, ids]) => ids.map((id) => ({ id, into }))),
      changes: contacts.flatMap((contact) => {
        const merged = mergedInto.get(contact.id) ?? [];
        const known = this.#before.get(contact.id) ?? merged.map((id) => this.#before.get(id)).find(Boolean);
        const gained =
          known &&
          (contact.phoneNumber !== known.phoneNumber || contact.lid !== known.lid) &&
          (contact.phoneNumber !== null || contact.lid !== null);
        return merged.length > 0 || gained ? [{ contact, merged, jids: this.#jidsOf(contact.id) }] : [];
      }),
    };
  }

  /** The contact of this name; a new one when nobody has it. */
  #meet(jid: string, at: number): ContactRow {
    const known = this.#contactOf(jid);
    if (known) return known;
    const contact: ContactRow = {
      id: this.#newId(),
      names: {},
      isBusiness: false,
      firstSeenAt: at,
      lastSeenAt: at,
    };
    this.#contacts.set(contact.id, contact);
    this.#name(jid, contact.id);
    return contact;
  }

  /** WhatsApp says that the LID has the number. */
  #map(number: string, lid: string, at: number): void {
    const holder = this.#meet(number, at);
    const person = this.#meet(lid, at);
    const identity = this.#identities.get(number)!;
    const heldBy = this.#lidOf(holder.id);
    if (heldBy === null || heldBy === lid) {
      this.#merge(holder.id, person.id);
    } else if (isLater(at, lid, identity.mappedAt, heldBy)) {
      // The number has changed hands.
      for (const name of [number, ...this.#spellingsOf(number)]) this.#name(name, person.id);
    } else {
      return;
    }
    const mapped = this.#identities.get(number)!;
    if (mapped.mappedAt === null || mapped.mappedAt < at || mapped.spellingOf !== null) {
      mapped.mappedAt = Math.max(mapped.mappedAt ?? 0, at);
      mapped.spellingOf = null;
      this.#moved.add(number);
      this.#touched.add(mapped.contactId);
    }
  }

  /** WhatsApp answers with `number` when it is asked for `spelling`. */
  #spell(spelling: string, number: string, at: number): void {
    if (spelling === number || !isNumberJid(spelling) || !isNumberJid(number)) return;
    const target = this.#meet(number, at);
    const known = this.#identities.get(spelling);
    if (!known) {
      this.#name(spelling, target.id);
    } else if (known.mappedAt !== null) {
      // WhatsApp knows it as a number of its own.
      return;
    } else if (known.contactId !== target.id) {
      if (this.#lidOf(known.contactId) === null) this.#merge(known.contactId, target.id);
      else this.#name(spelling, target.id);
    }
    const spelled = this.#identities.get(spelling)!;
    if (spelled.spellingOf === number) return;
    spelled.spellingOf = number;
    this.#moved.add(spelling);
    this.#touched.add(spelled.contactId);
  }

  #describe(contact: ContactRow, fact: ContactFact, at: number): void {
    for (const kind of NAME_KINDS) {
      const value = fact.names?.[kind];
      if (value !== undefined) this.#tell(contact, kind, { value, at });
    }
    if (fact.isBusiness && !contact.isBusiness) {
      contact.isBusiness = true;
      this.#touched.add(contact.id);
    }
    if (at < contact.firstSeenAt || at > contact.lastSeenAt) {
      contact.firstSeenAt = Math.min(contact.firstSeenAt, at);
      contact.lastSeenAt = Math.max(contact.lastSeenAt, at);
      this.#touched.add(contact.id);
    }
  }

  #tell(contact: ContactRow, kind: NameKind, told: { value: string | null; at: number }): void {
    const known = contact.names[kind];
    if (known && !isLater(told.at, told.value, known.at, known.value)) return;
    contact.names[kind] = told;
    this.#touched.add(contact.id);
  }

  /** The older of two contacts takes the names and the data of the other one. */
  #merge(a: string, b: string): void {
    if (a === b) return;
    const [kept, gone] = a < b ? [a, b] : [b, a];
    const into = this.#contacts.get(kept)!;
    const from = this.#contacts.get(gone)!;
    for (const jid of this.#jidsOf(gone)) this.#name(jid, kept);
    for (const kind of NAME_KINDS) {
      const told = from.names[kind];
      if (told) this.#tell(into, kind, told);
    }
    into.isBusiness ||= from.isBusiness;
    into.firstSeenAt = Math.min(into.firstSeenAt, from.firstSeenAt);
    into.lastSeenAt = Math.max(into.lastSeenAt, from.lastSeenAt);
    this.#contacts.delete(gone);
    this.#merged.set(gone, kept);
    this.#touched.add(kept);
  }

  #survivorOf(id: string): string {
    let survivor = id;
    for (let next = this.#merged.get(id); next !== undefined; next = this.#merged.get(next)) survivor = next;
    return survivor;
  }

  #name(jid: string, contactId: string): void {
    const known = this.#identities.get(jid);
    if (known) {
      this.#touched.add(known.contactId);
      this.#jids.get(known.contactId)?.delete(jid);
      known.contactId = contactId;
    } else {
      this.#identities.set(jid, { jid, contactId, spellingOf: null, mappedAt: null });
    }
    this.#addTo(contactId, jid);
    this.#moved.add(jid);
    this.#touched.add(contactId);
  }

  #contactOf(jid: string): ContactRow | undefined {
    const identity = this.#identities.get(jid);
    return identity && this.#contacts.get(identity.contactId);
  }

  #addTo(contactId: string, jid: string): void {
    const jids = this.#jids.get(contactId);
    if (jids) jids.add(jid);
    else this.#jids.set(contactId, new Set([jid]));
  }

  #jidsOf(id: string): string[] {
    return [...(this.#jids.get(id) ?? [])].sort();
  }

  #lidOf(id: string): string | null {
    return this.#jidsOf(id).find(isLidJid) ?? null;
  }

  /** They are names of the contact that has the number. */
  #spellingsOf(number: string): string[] {
    const holder = this.#identities.get(number)?.contactId ?? '';
    return this.#jidsOf(holder).filter((jid) => this.#identities.get(jid)?.spellingOf === number);
  }

  #view(id: string): ContactView {
    const contact = this.#contacts.get(id)!;
    const identities = this.#jidsOf(id).map((jid) => this.#identities.get(jid)!);
    const numbers = identities.filter(({ jid, spellingOf }) => isNumberJid(jid) && spellingOf === null);
    numbers.sort((a, b) => (b.mappedAt ?? 0) - (a.mappedAt ?? 0) || (a.jid < b.jid ? -1 : 1));
    const number = numbers[0]?.jid.split('@')[0];
    const name = SHOWN.map((kind) => contact.names[kind]?.value).find((value) => value);
    return {
      ...contact,
      name: name ?? null,
      phoneNumber: number === undefined ? null : `+${number}`,
      lid: identities.find(({ jid }) => isLidJid(jid))?.jid ?? null,
    };
  }
}

/** Whether a word replaces another one: it is later; of two at the same time, one counts whatever comes first. */
function isLater(at: number, value: string | null, knownAt: number | null, known: string | null): boolean {
  if (knownAt === null || at !== knownAt) return knownAt === null || at > knownAt;
  return (value ?? '') > (known ?? '');
}
