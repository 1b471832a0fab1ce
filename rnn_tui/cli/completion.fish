# What `rnn-tui completion fish` adds to the script that shtab makes; fish quotes what it inserts.
function _rnn_tui_names
  set -l program @PROGRAM@
  test -x $program; or set program rnn-tui
  command $program completion --runs $argv[1] 2>/dev/null </dev/null
end
