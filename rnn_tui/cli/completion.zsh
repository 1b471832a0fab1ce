# What `rnn-tui completion zsh` adds to the script that shtab makes.

# A name is anybody's text: compadd quotes it, and nothing evaluates it.
_rnn_tui_names() {
  local program=@PROGRAM@
  [[ -x $program ]] || program=rnn-tui
  local -a names=(${(f)"$(command $program completion zsh --names $1 2>/dev/null </dev/null)"})
  compadd -V names -a names
}
_rnn_tui_runs() { _rnn_tui_names runs }
_rnn_tui_deleted() { _rnn_tui_names deleted }
_rnn_tui_papers() { _rnn_tui_names papers; _files -g '*.toml' }
_rnn_tui_path() { _files }
_rnn_tui_folder() { _files -/ }
