/** The files and links of the description, as they stand in the repository. */
export function layOut(root: string): void;
