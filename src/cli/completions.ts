// Completions for shells, from the same table as help: commands, and the options of each. Text only.

import type { Command } from './command.ts';

const EVERYWHERE = ['--config', '--help'];

/** `--wait`, `--within`: the long name of each option. */
function longNames({ options = [] }: Command): string[] {
  return options.flatMap(({ flags }) => /--[a-z-]+/.exec(flags)?.[0] ?? []);
}

/** Options of any command that want a file. */
const OF_FILES = ['-c', '--config', '--socket', '--cert', '--key', '--verify'];

export function bashCompletion(commands: readonly Command[]): string {
  const cases = commands.map(
    (command) => `    ${command.name}) words="${[...longNames(command), ...EVERYWHERE].join(' ')}" ;;`,
  );
  return `# Completion of chargehand for bash: made by "chargehand completion bash".
_chargehand() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" command="" words i
  case "$before" in
    ${OF_FILES.join(' | ')})
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -c | --config) i=$((i + 1)) ;;
      -*) ;;
      *) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$command" in
    "") words="${commands.map(({ name }) => name).join(' ')} help --version ${EVERYWHERE.join(' ')}" ;;
${cases.join('\n')}
    *) words="" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _chargehand chargehand
`;
}

export function zshCompletion(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const cases = commands.map((command) => {
    const options = (command.options ?? []).flatMap(({ flags, description, repeatable }) => {
      const [name] = /--[a-z-]+/.exec(flags) ?? [];
      const takes = /<([^>.]+)/.exec(flags)?.[1];
      const value =
        takes === undefined ? '' : `:${takes}:${name !== undefined && OF_FILES.includes(name) ? '_files' : ''}`;
      return name === undefined ? [] : [`'${repeatable ? '*' : ''}${name}[${quoted(description)}]${value}'`];
    });
    return `        ${command.name}) _arguments ${[...options, "'(-c --config)'{-c,--config}'[the configuration file]:file:_files'"].join(' ')} ;;`;
  });
  return `#compdef chargehand
# Completion of chargehand for zsh: made by "chargehand completion zsh".
_chargehand() {
  local -a commands
  commands=(
${described.join('\n')}
    'help:display help for a command'
  )
  _arguments -C '(-c --config)'{-c,--config}'[the configuration file]:file:_files' '1: :->command' '*:: :->rest'
  case "$state" in
    command) _describe command commands ;;
    rest)
      case "$words[1]" in
${cases.join('\n')}
      esac
      ;;
  esac
}
_chargehand "$@"
`;
}

/** For zsh's single quotes and its own brackets and colons. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&');
}
