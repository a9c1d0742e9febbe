// How fast a count grows: by how much in the last second, and at most in any. Looked at once a second by its owner; between
// two looks it says what the last one saw.

export class Rate {
  now = 0;
  most = 0;
  /** When the count last grew, as its owner's clock had it; undefined: it never did. */
  movedAt: number | undefined;
  #total: number;

  constructor(total: number) {
    this.#total = total;
  }

  /** `seconds` since the last look. */
  look(total: number, seconds: number, at: number): void {
    const grown = total - this.#total;
    this.#total = total;
    this.now = Math.round(grown / Math.max(seconds, 0.001));
    this.most = Math.max(this.most, this.now);
    if (grown > 0) this.movedAt = at;
  }
}
