import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** More stops than any page has. */
const MAX_STOPS = 150;
const HAS_FOCUS = (element: { contains(other: unknown): boolean; ownerDocument: { activeElement: unknown } }) =>
  element.contains(element.ownerDocument.activeElement);
/** Scripts for the browser are texts: these files are compiled without its types. */
const SHOWS_FOCUS = `(() => {
  for (let element = document.activeElement; element && element !== document.body; element = element.parentElement) {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    if ((outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none') return true;
    if (element !== document.activeElement && element.tagName !== 'LABEL' && element.tagName !== 'DIV') return false;
  }
  return false;
})()`;

/** Somebody without a mouse: moves by Tab, sees where the focus is, and presses keys. */
export class Keyboard {
  private readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Moves to the element by Tab alone, and expects that it can be seen there. */
  async to(target: Locator): Promise<void> {
    await target.waitFor();
    for (let stops = 0; stops < MAX_STOPS; stops += 1) {
      if (await target.evaluate(HAS_FOCUS)) {
        expect(await this.page.evaluate<boolean>(SHOWS_FOCUS), `no focus to be seen at ${target}`).toBe(true);
        return;
      }
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`The keyboard does not reach ${target}`);
  }

  async press(target: Locator, key = 'Enter'): Promise<void> {
    await this.to(target);
    await this.page.keyboard.press(key);
  }

  /** Types into a field, in place of what is in it. */
  async type(target: Locator, text: string): Promise<void> {
    await this.to(target);
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.type(text);
  }
}
