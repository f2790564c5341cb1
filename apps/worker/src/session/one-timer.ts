/** One timer: setting it again cancels the last one. It does not keep the process alive. */
export class OneTimer {
  #timer: NodeJS.Timeout | undefined;

  set(ms: number, action: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms).unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
