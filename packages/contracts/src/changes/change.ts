import type { Static, TObject, TProperties } from 'typebox';

/** A change of an earlier message, by its name and shape. */
export interface Change<D extends TProperties> {
  summary: string;
  /** Its fields besides the changed message and the author. */
  data: D;
  /** An example, which tests check. */
  example: Static<TObject<D>>;
}

export const defineChange = <D extends TProperties>(change: Change<D>): Change<D> => change;
