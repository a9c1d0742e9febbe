// The relay on threads of its own (native/): JavaScript decides, the kernel moves the bytes. Until nothing of a session
// is buffered in Node any more, its bytes go through the relay on Node's sockets; then both descriptors are handed over,
// once and for good.
//
// Who owns the descriptors: Node's are Node's until the end. `start` duplicates them, and the duplicates are the native
// session's from that moment. Node's are closed in the same turn of the loop, without a FIN, and are not read in between.
// So no byte can be read by two, and none lie in Node when the native side begins to read.

import type { Clock } from '../core/clock.ts';
import type { Connection, Sink } from './connection.ts';
import { type NativeAddon, SLAB_SLOTS, SLOT, SLOT_DOUBLES } from './native-addon.ts';
import type { Relay, RelayOutcome, RelayStart, StartRelay, StopHow } from './relay.ts';
import { startNetRelay } from './relay-net.ts';

const HOW: Readonly<Record<StopHow, number>> = { fin: 0, idle: 1, reset: 2 };
const SIDES = [undefined, 'client', 'backend'] as const;
/** What the native side says of the end, by its number there. */
const OUTCOMES: readonly (RelayOutcome['end'] | undefined)[] = [
  undefined,
  'completed',
  'client-reset',
  'backend-reset',
];
const STOPPED = 5;

/** The threads and the sessions that run on them. */
export class NativeRelays {
  readonly #addon: NativeAddon;
  readonly #running: (NativeRelay | undefined)[] = [];
  readonly #slabs: Float64Array[] = [];
  readonly #turns: Float64Array;
  readonly #ended: Uint32Array;
  #turnsBefore: readonly number[];

  /** Throws where the threads can't be started. `pipes`: for all threads together, two descriptors each. */
  constructor(addon: NativeAddon, threads: number, pipes: number) {
    this.#addon = addon;
    const { turns, ended } = addon.open(threads, pipes, (count) => this.#heardEnds(count));
    this.#turns = new Float64Array(turns);
    this.#ended = new Uint32Array(ended);
    this.#turnsBefore = [...this.#turns].map(() => -1);
  }

  readonly start: StartRelay = (start) => new NativeRelay(start, this);

  /** Whether every thread has made a turn since this was asked last. The first answer is yes. */
  moved(): boolean {
    const moved = this.#turnsBefore.every((turns, i) => this.#turns[i] !== turns);
    this.#turnsBefore = [...this.#turns];
    // A thread that has nothing to do sleeps: it shows that it lives by waking up.
    this.#addon.wake();
    return moved;
  }

  /** Ends the threads; no session may run any more. */
  close(): void {
    this.#addon.close();
  }

  /** True: `relay` runs natively from now on. False: the kernel would not have it. */
  adopt(relay: NativeRelay, from: Relay, { client, backend }: RelayStart): boolean {
    const half = SIDES.indexOf(from.halfClosedBy);
    const number = this.#addon.start(client.descriptor, backend.descriptor, from.bytesIn, from.bytesOut, half);
    if (number < 0) return false;
    this.#running[number] = relay;
    relay.adopted(number, this.#slab(number), (number % SLAB_SLOTS) * SLOT_DOUBLES);
    return true;
  }

  stop(number: number, how: StopHow): void {
    this.#addon.stop(number, HOW[how]);
  }

  keepAlive(number: number, ms: number): void {
    this.#addon.keepAlive(number, Math.ceil(ms / 1000));
  }

  #slab(number: number): Float64Array {
    const n = Math.floor(number / SLAB_SLOTS);
    const slab = this.#slabs[n] ?? new Float64Array(this.#addon.slab(n));
    this.#slabs[n] = slab;
    return slab;
  }

  #heardEnds(count: number): void {
    for (let i = 0; i < count; i++) {
      const number = this.#ended[i] ?? -1;
      const relay = this.#running[number];
      this.#running[number] = undefined;
      relay?.heardEnd();
    }
  }
}

class NativeRelay implements Relay, Sink {
  readonly #relays: NativeRelays;
  readonly #start: RelayStart;
  readonly #clock: Clock;
  /** Moves the bytes until the hand-over. */
  #net: ReturnType<typeof startNetRelay> | undefined;
  #asked = false;
  #number = -1;
  /** Its slot: the threads' memory, and a copy of it once it has ended. */
  #slots: Float64Array = NOTHING;
  #at = 0;
  #moves = 0;
  #movedAt = 0;
  #startedAt = 0;
  #toldFirstByte = false;
  #stopped = false;

  constructor(start: RelayStart, relays: NativeRelays) {
    this.#relays = relays;
    this.#start = start;
    this.#clock = start.clock;
    // It made itself the sink of both.
    this.#net = startNetRelay(start);
    start.client.sink = this;
    start.backend.sink = this;
    this.#ask();
  }

  get bytesIn(): number {
    return this.#net?.bytesIn ?? this.#read(SLOT.bytesIn);
  }

  get bytesOut(): number {
    return this.#net?.bytesOut ?? this.#read(SLOT.bytesOut);
  }

  /** As of the last look: whoever looks every second is at most that late. */
  get movedAt(): number {
    if (this.#net !== undefined) return this.#net.movedAt;
    this.#look();
    return this.#movedAt;
  }

  get lastFrom(): 'client' | 'backend' {
    return this.#net?.lastFrom ?? (this.#read(SLOT.lastFrom) === 0 ? 'client' : 'backend');
  }

  get halfClosedBy(): 'client' | 'backend' | undefined {
    return this.#net === undefined ? SIDES[this.#read(SLOT.halfClosedBy)] : this.#net.halfClosedBy;
  }

  keepAlive(ms: number): void {
    if (this.#net !== undefined) this.#net.keepAlive(ms);
    else if (this.#number >= 0) this.#relays.keepAlive(this.#number, ms);
  }

  stop(how: StopHow): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#net !== undefined) this.#net.stop(how);
    else if (this.#number >= 0) this.#relays.stop(this.#number, how);
  }

  // Until the hand-over: the relay on Node's sockets does it all, and after each event it may be over.

  onData(bytes: Buffer, from: Connection): boolean {
    const readOn = this.#net?.onData(bytes, from) ?? true;
    this.#ask();
    return readOn;
  }

  onDrain(from: Connection): void {
    this.#net?.onDrain(from);
    this.#ask();
  }

  onEnd(from: Connection): void {
    this.#net?.onEnd(from);
    this.#ask();
  }

  onClose(from: Connection, error: Error | undefined): void {
    this.#net?.onClose(from, error);
  }

  /** Hands over as soon as this callback of Node's is through: the bytes that it brings may still be under way to us. */
  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    queueMicrotask(() => {
      this.#asked = false;
      try {
        this.#handOver();
      } catch (error) {
        this.#start.client.onFault(error);
      }
    });
  }

  #handOver(): void {
    const { client, backend } = this.#start;
    const net = this.#net;
    if (net === undefined || this.#stopped || !client.quiet || !backend.quiet) return;
    if (!this.#relays.adopt(this, net, this.#start)) {
      // For want of descriptors or memory: then this one stays with Node's sockets.
      client.sink = net;
      backend.sink = net;
      return;
    }
    client.leave();
    backend.leave();
  }

  adopted(number: number, slots: Float64Array, at: number): void {
    this.#movedAt = this.#net?.movedAt ?? 0;
    this.#toldFirstByte = (this.#net?.bytesOut ?? 0) > 0;
    this.#startedAt = this.#clock.now();
    this.#net = undefined;
    this.#number = number;
    this.#slots = slots;
    this.#at = at;
  }

  heardEnd(): void {
    this.#look();
    const outcome = this.#read(SLOT.outcome);
    // The slot is another session's soon.
    this.#slots = this.#slots.slice(this.#at, this.#at + SLOT_DOUBLES);
    this.#at = 0;
    this.#number = -1;
    const { client, done } = this.#start;
    try {
      const end = OUTCOMES[outcome];
      if (end === undefined && outcome !== STOPPED) client.onFault(new Error('the native relay had no memory'));
      if (end === undefined || this.#stopped) done(undefined);
      else if (end === 'completed') done({ end, endedBy: this.halfClosedBy ?? 'backend' });
      else done({ end, endedBy: end === 'client-reset' ? 'client' : 'backend' });
    } catch (error) {
      client.onFault(error);
    }
  }

  #read(what: number): number {
    return this.#slots[this.#at + what] ?? 0;
  }

  #look(): void {
    const moves = this.#read(SLOT.moves);
    if (moves !== this.#moves) this.#movedAt = this.#clock.now();
    this.#moves = moves;
    const firstByteMs = this.#read(SLOT.firstByteMs);
    if (this.#toldFirstByte || this.#number < 0 || firstByteMs < 0) return;
    this.#toldFirstByte = true;
    this.#start.firstByte(Math.min(this.#clock.now(), this.#startedAt + firstByteMs));
  }
}

const NOTHING = new Float64Array(SLOT_DOUBLES);
