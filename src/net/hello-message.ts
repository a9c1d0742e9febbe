// The inside of a ClientHello, read as its bytes come: whether it is one, where it ends, and whether it offers early data.
// Keeps no bytes and knows no records; names, ciphers and keys it skips. (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2)

export type MessageVerdict = 'more' | 'whole' | 'malformed' | 'early-data';

type Field =
  | 'type'
  | 'size'
  | 'version'
  | 'random'
  | 'session-size'
  | 'session'
  | 'ciphers-size'
  | 'ciphers'
  | 'compressions-size'
  | 'compressions'
  | 'extensions-size'
  | 'extension-type'
  | 'extension-size'
  | 'extension';

const CLIENT_HELLO = 1;
const EARLY_DATA = 42;
/** Version, random, and the smallest session id, cipher list and compression list. */
const SMALLEST = 2 + 32 + 1 + 4 + 2;

export class HelloMessage {
  #field: Field = 'type';
  /** Bytes that the present field still lacks. */
  #lacking = 1;
  /** The present field as a number, where it is short enough to be one. */
  #value = 0;
  #isNumber = true;
  /** Bytes of the message behind the present field, as far as they are known. */
  #behind = 3;

  /** Bytes that are missing to the end of the message; before its size has come, those up to the end of the size. */
  get left(): number {
    return this.#lacking + this.#behind;
  }

  /** Takes `bytes` from `from` up to `to`: all of them, at most `left`. `malformed` and `early-data` come as soon as they show. */
  read(bytes: Buffer, from: number, to: number): MessageVerdict {
    let at = from;
    while (at < to) {
      const n = Math.min(this.#lacking, to - at);
      if (this.#isNumber) {
        for (let i = at; i < at + n; i++) this.#value = (this.#value << 8) | (bytes[i] ?? 0);
      }
      at += n;
      this.#lacking -= n;
      // More than once: a field may be empty.
      while (this.#lacking === 0) {
        const verdict = this.#advance(this.#value);
        if (verdict !== 'more') return verdict;
      }
    }
    return 'more';
  }

  /** The present field is whole: checks it and names the next one. */
  #advance(value: number): MessageVerdict {
    switch (this.#field) {
      case 'type':
        return value === CLIENT_HELLO ? this.#expect('size', 3) : 'malformed';
      case 'size':
        this.#behind = value;
        return value < SMALLEST ? 'malformed' : this.#expect('version', 2);
      case 'version':
        return value >> 8 === 3 ? this.#expect('random', 32) : 'malformed';
      case 'random':
        return this.#expect('session-size', 1);
      case 'session-size':
        return value <= 32 ? this.#expect('session', value) : 'malformed';
      case 'session':
        return this.#expect('ciphers-size', 2);
      case 'ciphers-size':
        return value > 0 && value % 2 === 0 ? this.#expect('ciphers', value) : 'malformed';
      case 'ciphers':
        return this.#expect('compressions-size', 1);
      case 'compressions-size':
        return value > 0 ? this.#expect('compressions', value) : 'malformed';
      case 'compressions':
        // Before TLS 1.3 a hello may have no extensions at all.
        return this.#behind === 0 ? 'whole' : this.#expect('extensions-size', 2);
      case 'extensions-size':
        return value === this.#behind ? this.#expectExtension() : 'malformed';
      case 'extension-type':
        return value === EARLY_DATA ? 'early-data' : this.#expect('extension-size', 2);
      case 'extension-size':
        return this.#expect('extension', value);
      case 'extension':
        return this.#expectExtension();
      default:
        return this.#field satisfies never;
    }
  }

  #expectExtension(): MessageVerdict {
    return this.#behind === 0 ? 'whole' : this.#expect('extension-type', 2);
  }

  #expect(field: Field, size: number): MessageVerdict {
    if (size > this.#behind) return 'malformed';
    this.#field = field;
    this.#lacking = size;
    this.#behind -= size;
    this.#value = 0;
    this.#isNumber = size <= 3;
    return 'more';
  }
}
