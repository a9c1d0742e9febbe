// The path of a Unix socket, and how long Linux lets it be.

/** `sun_path` of unix(7), its closing NUL left out. Node 20 cuts a longer path off, and listens at another one. */
const MOST_BYTES = 107;

/** Why no socket can be there, in words; undefined: one can. */
export function socketPathFault(path: string): string | undefined {
  return new TextEncoder().encode(path).length > MOST_BYTES
    ? `the path of a Unix socket has at most ${MOST_BYTES} bytes`
    : undefined;
}
