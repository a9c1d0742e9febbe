// How late this machine is to do what is due: asked of a timer of our own. What is measured here is given to every deadline.

const EVERY_MS = 100;

export class Lateness {
  mostMs = 0;
  readonly #timer: NodeJS.Timeout;
  #due = performance.now() + EVERY_MS;

  constructor() {
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.mostMs = Math.max(this.mostMs, Math.round(now - this.#due));
      this.#due = now + EVERY_MS;
    }, EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
