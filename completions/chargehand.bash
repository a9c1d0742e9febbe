# Completion of chargehand for bash: made by "chargehand completion bash".
_chargehand() {
  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}" command="" words i
  case "$before" in
    -c | --config | --socket | --cert | --key | --verify)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in
      -c | --config) i=$((i + 1)) ;;
      -*) ;;
      *) command="${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$command" in
    "") words="run check show doctor import status plan reload drain ready maint sessions where upgrade version completion help --version --config --help" ;;
    run) words="--config --help" ;;
    check) words="--strict --config --help" ;;
    show) words="--config --help" ;;
    doctor) words="--json --cert --key --config --help" ;;
    import) words="--verify --client --haproxy-version --config --help" ;;
    status) words="--watch --json --http --socket --config --help" ;;
    plan) words="--socket --json --config --help" ;;
    reload) words="--socket --force --config --help" ;;
    drain) words="--service --within --close-over --wait --socket --config --help" ;;
    ready) words="--service --socket --config --help" ;;
    maint) words="--service --within --close-over --wait --socket --config --help" ;;
    sessions) words="--node --service --client --local --json --socket --config --help" ;;
    where) words="--socket --config --help" ;;
    upgrade) words="--socket --force --config --help" ;;
    version) words="--verbose --config --help" ;;
    completion) words="--config --help" ;;
    *) words="" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _chargehand chargehand
