// A TLS ClientHello in the first bytes of a client: not one, not yet whole, or whole, and may it be sent twice? Reads the
// records and counts; keeps no bytes, sends nothing, and does not judge what the client offers. (RFC 8446 section 5.1)
//
// What may be sent twice is a hello *and nothing behind it*. A client that waits for the server's answer has nothing else
// to say: whatever follows is either early data (which a server acts upon, so that sending it to two servers would do a
// thing twice) or no TLS as we know it. So `trailing` must be 0, and one byte more while the hello is being answered ends
// the right to send it again. A hello that offers early data has lost it at once, since its data is on the way; so has
// one that is malformed, since we would then promise something about bytes we don't understand.

import { HelloMessage } from './hello-message.ts';

export type HelloVerdict =
  | { readonly kind: 'incomplete' }
  /** The hello is the first `length` bytes, to the end of its last record; `trailing` bytes have come after it. */
  | { readonly kind: 'whole'; readonly length: number; readonly trailing: number }
  /** Also what looks like TLS and is malformed, or has a record with more in it than the hello. */
  | { readonly kind: 'not-tls' }
  /** It has, or announces that it will have, more than `MOST_HELLO` bytes, its record headers included. */
  | { readonly kind: 'too-large' }
  /** The early_data extension is offered; said as soon as it is seen. */
  | { readonly kind: 'early-data' };

/** The largest hello that is read, in bytes as they stand on the wire. */
export const MOST_HELLO = 64 * 1024;

const HANDSHAKE = 22;
const MOST_IN_RECORD = 16 * 1024;

const INCOMPLETE: HelloVerdict = { kind: 'incomplete' };
const NOT_TLS: HelloVerdict = { kind: 'not-tls' };
const TOO_LARGE: HelloVerdict = { kind: 'too-large' };
const WITH_EARLY_DATA: HelloVerdict = { kind: 'early-data' };

/** Reads one client, each byte once and no byte twice. A verdict other than `incomplete` stays; only `trailing` grows. */
export class HelloReader {
  readonly #message = new HelloMessage();
  #verdict: HelloVerdict = INCOMPLETE;
  /** Bytes read of the hello and its record headers. */
  #length = 0;
  /** Bytes read of the present record header. */
  #inHeader = 0;
  /** Bytes that the present record lacks; 0: a header comes next. */
  #recordLeft = 0;
  /** The higher byte of the present record's size. */
  #sizeHigh = 0;

  /** The next bytes of the client. */
  push(bytes: Buffer): HelloVerdict {
    let at = 0;
    while (at < bytes.length && this.#verdict === INCOMPLETE) {
      at += this.#recordLeft === 0 ? this.#readHeader(bytes[at] ?? 0) : this.#readFragment(bytes, at);
      if (this.#verdict === INCOMPLETE && this.#length + this.#message.left > MOST_HELLO) this.#verdict = TOO_LARGE;
    }
    if (at < bytes.length && this.#verdict.kind === 'whole') {
      this.#verdict = { ...this.#verdict, trailing: this.#verdict.trailing + bytes.length - at };
    }
    return this.#verdict;
  }

  /** One byte of a record header: type, version (SSL 3.0 to TLS 1.3), size. Says what it took. */
  #readHeader(byte: number): number {
    this.#length++;
    switch (this.#inHeader++) {
      case 0:
        this.#require(byte === HANDSHAKE);
        break;
      case 1:
        this.#require(byte === 3);
        break;
      case 2:
        this.#require(byte <= 4);
        break;
      case 3:
        this.#sizeHigh = byte << 8;
        this.#require(this.#sizeHigh <= MOST_IN_RECORD);
        break;
      default:
        this.#inHeader = 0;
        this.#recordLeft = this.#sizeHigh | byte;
        // An empty record carries nothing on: it is forbidden for handshakes.
        this.#require(this.#recordLeft > 0 && this.#recordLeft <= MOST_IN_RECORD);
    }
    return 1;
  }

  /** What `bytes` have of the present record from `at` on, up to the end of the hello. Says how much it took. */
  #readFragment(bytes: Buffer, at: number): number {
    const n = Math.min(this.#recordLeft, this.#message.left, bytes.length - at);
    const verdict = this.#message.read(bytes, at, at + n);
    this.#length += n;
    this.#recordLeft -= n;
    if (verdict === 'early-data') this.#verdict = WITH_EARLY_DATA;
    else if (verdict === 'malformed') this.#verdict = NOT_TLS;
    else if (verdict === 'whole') {
      this.#verdict = { kind: 'whole', length: this.#length, trailing: 0 };
      this.#require(this.#recordLeft === 0);
    }
    return n;
  }

  #require(isHello: boolean): void {
    if (!isHello) this.#verdict = NOT_TLS;
  }
}
