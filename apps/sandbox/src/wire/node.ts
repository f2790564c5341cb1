/**
 * The stanza of the protocol: a tag, string attributes, and either children, bytes or a string.
 *
 * The codec returns a string when the sender wrote a token, packed digits or a jid. `bytes()` converts both forms.
 */
export interface BinaryNode {
  tag: string;
  attrs: Record<string, string>;
  content?: BinaryNode[] | Buffer | string;
}

/** Builds a node. Attributes whose value is undefined are left out, so that optional ones can be written inline. */
export function node(
  tag: string,
  attrs: Record<string, string | undefined> = {},
  content?: BinaryNode[] | Buffer | string,
): BinaryNode {
  const present: Record<string, string> = {};
  for (const key in attrs) {
    const value = attrs[key];
    if (value !== undefined) present[key] = value;
  }
  return content === undefined ? { tag, attrs: present } : { tag, attrs: present, content };
}

/** The children of a node, optionally only those with the given tag. */
export function children(parent: BinaryNode | undefined, tag?: string): BinaryNode[] {
  const content = parent?.content;
  if (!Array.isArray(content)) return [];
  return tag === undefined ? content : content.filter((item) => item.tag === tag);
}

/** The first child with the given tag. */
export function child(parent: BinaryNode | undefined, tag: string): BinaryNode | undefined {
  const content = parent?.content;
  return Array.isArray(content) ? content.find((item) => item.tag === tag) : undefined;
}

/** The payload of a leaf node as bytes; undefined when the node is absent, empty or has children. */
export function bytes(leaf: BinaryNode | undefined): Buffer | undefined {
  const content = leaf?.content;
  if (content === undefined || Array.isArray(content)) return undefined;
  return typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
}

/** The payload of a leaf node as text. */
export function text(leaf: BinaryNode | undefined): string | undefined {
  const content = leaf?.content;
  if (content === undefined || Array.isArray(content)) return undefined;
  return typeof content === 'string' ? content : content.toString('utf8');
}

/** An unsigned big-endian integer of 1 to 6 bytes, as ids and counts travel in node payloads. */
export function uint(value: number, length: number): Buffer {
  const out = Buffer.alloc(length);
  out.writeUIntBE(value, 0, length);
  return out;
}
