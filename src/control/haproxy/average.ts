// A time as HAProxy reports it: its mean over about the last 1024 sessions, and the greatest ever. Milliseconds.

const WINDOW = 1024;

export class Average {
  #count = 0;
  #mean = 0;
  #most = 0;

  add(ms: number): void {
    if (this.#count < WINDOW) this.#count++;
    this.#mean += (ms - this.#mean) / this.#count;
    if (ms > this.#most) this.#most = ms;
  }

  get mean(): number {
    return Math.round(this.#mean);
  }

  get most(): number {
    return Math.round(this.#most);
  }
}
