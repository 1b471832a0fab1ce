# What `rnn-tui completion fish` adds to the script that shtab makes; fish quotes what it inserts.
function _rnn_tui_names
  set -l program @PROGRAM@
  test -x $program; or set program rnn-tui
  command $program completion fish --names $argv[1] 2>/dev/null </dev/null
end
function _rnn_tui_runs; _rnn_tui_names runs; end
function _rnn_tui_deleted; _rnn_tui_names deleted; end
function _rnn_tui_papers; _rnn_tui_names papers; __fish_complete_path (commandline -ct); end
function _rnn_tui_path; __fish_complete_path (commandline -ct); end
function _rnn_tui_folder; __fish_complete_directories; end
