export interface Runtime {
  readonly binary: string;
  readonly licence: string;
  readonly version: string;
}

export function runtime(arch: 'x64' | 'arm64'): Runtime;

export interface Pin {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

export function fetchPinned(pin: Pin, home: string): void;
