// Every adapter, in the order of the tables.

import { native, net } from './chargehand.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import type { Product } from './product.ts';

export const ADAPTERS: readonly Product[] = [net, native, haproxy, nginx];
