// What a command of HAProxy's socket answers instead of doing something: one line, which is the whole answer.

export class CliError extends Error {}
