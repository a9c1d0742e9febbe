// The two calls of the metadata proposal that @peculiar/x509 needs of its surroundings when it is loaded (through
// tsyringe, which refuses to load without them). Owns no more of that proposal: a class keeps what was said of it, and
// `getMetadata` asks the class itself, which is all that happens there. Import it before @peculiar/x509.

interface Metadata {
  getMetadata?(key: string, target: object): unknown;
  getOwnMetadata?(key: string, target: object): unknown;
  defineMetadata?(key: string, value: unknown, target: object): void;
}

const reflect: typeof Reflect & Metadata = Reflect;

// A real polyfill that came first stays.
if (reflect.getMetadata === undefined) {
  const known = new WeakMap<object, Map<string, unknown>>();
  const get = (key: string, target: object): unknown => known.get(target)?.get(key);
  reflect.getMetadata = get;
  reflect.getOwnMetadata = get;
  reflect.defineMetadata = (key, value, target) => {
    const of = known.get(target) ?? new Map<string, unknown>();
    known.set(target, of.set(key, value));
  };
}
