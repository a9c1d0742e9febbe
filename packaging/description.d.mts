export const ROOT: string;
export const HOME: string;
export const DOC: string;
export const NODE: { readonly version: string; readonly integrity: Readonly<Record<'x64' | 'arm64', string>> };
/** Source in the repository, target, mode, kind. */
export type FileEntry = readonly [from: string, to: string, mode: number, kind?: 'config'];
export const FILES: readonly FileEntry[];
/** What it says, the link. */
export const LINKS: readonly (readonly [target: string, link: string])[];
