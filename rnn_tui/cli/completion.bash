# What `rnn-tui completion bash` adds to the script that shtab makes.

_rnn_tui_path() { echo :path; }
_rnn_tui_folder() { echo :folder; }
_rnn_tui_runs() { echo :runs; }
_rnn_tui_deleted() { echo :deleted; }
_rnn_tui_papers() { echo :papers; }

# shtab finds out what is wanted. What a file, a run or a list of words needs, a subshell can't do.
_rnn_tui() {
  local -a words=()
  local i at=$COMP_CWORD typed="${COMP_WORDS[COMP_CWORD]}"
  for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do # --option=value comes as three words
    if [[ $i -gt 0 && ${COMP_WORDS[i]} == "=" && ${COMP_WORDS[i-1]} == --* ]]; then
      if ((i == COMP_CWORD)); then
        typed=
        words+=("")
      elif ((i < COMP_CWORD)); then
        ((at -= 1))
      fi
    else
      words+=("${COMP_WORDS[i]}")
    fi
  done
  local -a COMP_WORDS=("${words[@]}")
  local COMP_CWORD=$at
  _shtab_rnn_tui
  case ${COMPREPLY[0]-} in
    :path) COMPREPLY=() && compopt -o default -o filenames 2>/dev/null ;;
    :folder) COMPREPLY=() && compopt -o dirnames -o filenames 2>/dev/null ;;
    :list\ *) _rnn_tui_list "${COMPREPLY[0]#:list }" ;;
    :runs | :deleted) _rnn_tui_names "${COMPREPLY[0]#:}" ;;
    :papers) # or a file
      _rnn_tui_names papers
      [[ ${COMPREPLY-} ]] || compopt -o default -o filenames 2>/dev/null
      ;;
  esac
}

# Words with commas between them; $1 has those that there are.
_rnn_tui_list() {
  local before=
  [[ $typed == *,* ]] && before="${typed%,*},"
  COMPREPLY=($(compgen -P "$before" -W "$1" -- "${typed##*,}"))
  compopt -o nospace 2>/dev/null
}

# A name is anybody's text: it is compared and quoted, and never evaluated.
_rnn_tui_names() {
  local name quoted plain="$typed" quote= program=@PROGRAM@
  [[ -x $program ]] || program=rnn-tui
  case $typed in
    [\'\"]*) quote="${typed:0:1}" plain="${typed:1}" ;;
    *) plain="${typed//\\/}" ;;
  esac
  COMPREPLY=()
  while IFS= read -r name; do
    [[ $name == "$plain"* ]] || continue
    if [[ $quote ]]; then
      [[ $name == *[\'\"\\\$\`!]* ]] && continue
      quoted="$name"
    else
      printf -v quoted %q "$name"
      if [[ $quoted != \$\'* ]]; then # words also end at these
        quoted="${quoted//:/\\:}"
        quoted="${quoted//=/\\=}"
      fi
    fi
    COMPREPLY+=("$quoted")
  done < <("$program" completion bash --names "$1" 2>/dev/null </dev/null)
}

complete -F _rnn_tui rnn-tui
