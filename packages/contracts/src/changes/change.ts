import type { Static, TObject, TProperties } from 'typebox';

/** What can be done to a message that is there already, by its name and shape. */
export interface Change<D extends TProperties> {
  summary: string;
  /** What it says beside which message it is about and who did it. */
  data: D;
  /** Tests read it. */
  example: Static<TObject<D>>;
}

export const defineChange = <D extends TProperties>(change: Change<D>): Change<D> => change;
