#!/bin/bash
# test_completion.sh -- bash and zsh complete every command and every option, and what they take.
. "$(dirname "$0")/../lib/tap.sh"
script=$LR_BUILD/completion/leakring.bash
[ -s "$script" ] || { tap_fail "make tests makes the completion"; tap_done; }
PATH=$LR_BUILD:$PATH

# complete_bash WORD…: what Tab offers behind these words, one a line; the last word is unfinished.  As
# bash does, a = is a word of its own.
complete_bash() {
    bash --norc -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _leakring
        printf "%s\n" "${COMPREPLY[@]}"' "$script" "$@" 2>err | sort
}
# has LIST WORD…: those of the words that the list lacks.
lacks() {
    local list=$1 word
    shift
    for word; do grep -qxF -- "$word" <<<"$list" || printf '%s ' "$word"; done
}

commands=$(leakring --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
tap_is "$(complete_bash leakring '' | grep -vx help)" "$(sort <<<"$commands")" "bash: every command"
tap_is "$(complete_bash leakring re),$(complete_bash leakring help re)" "report,report" "bash: an unfinished command"
tap_is "$(complete_bash leakring -- | tr '\n' ' ')" "--help --version " "bash: the command's own options"

long_options() { leakring "$1" --help | sed -nE "s,^  (-.\,|   ) (--[a-z-]+).*,\2,p" | sort -u; }
for command in $commands; do
    got=$(complete_bash leakring $command -- | tr -d =)
    tap_is "$(lacks "$got" $(long_options $command)) $(cat err)" " " "bash: every option of leakring $command --help"
done
# The help itself lists what the commands take.
taken=$(cat "$LR_ROOT"/analyzer/commands/*.[ch] | grep -oE '\{"[a-z][a-z-]+", +(no|required)_argument|LR_GATE_OPTION\([A-Z]+, "[a-z-]+"' |
    grep -oE '"[a-z-]+"' | tr -d '"' | sort -u)
tap_is "$(lacks "$(for command in $commands; do complete_bash leakring $command --; done | tr -d =)" \
    $(sed 's/^/--/' <<<"$taken"))" "" "bash: every option that a command's table has"

: >here.lkr
: >other.txt
mkdir -p deep
tap_is "$(complete_bash leakring report --color = a)" "$(printf 'always\nauto')" "bash: words after ="
tap_is "$(complete_bash leakring report --format sh)" "short" "bash: words after a blank"
tap_is "$(complete_bash leakring report -F h)" "html" "bash: words after a short option"
tap_is "$(complete_bash leakring dump --section = followed_1 | tr '\n' ' ')" "followed_10s followed_1m " "bash: sections"
tap_is "$(complete_bash leakring report '' | tr '\n' ' ')" "deep here.lkr " "bash: traces and directories"
tap_is "$(complete_bash leakring report --output = o)" "other.txt" "bash: files"
tap_is "$(complete_bash leakring report --baseline = h)" "here.lkr" "bash: report --baseline's trace"
tap_is "$(complete_bash leakring report --debug-dir = '')" "deep" "bash: directories"
tap_is "$(complete_bash leakring run -- expo | grep -x export)" "export" "bash: a command behind run --"
tap_is "$(complete_bash leakring report --bytes -o x --no-p)" "--no-pager" "bash: options behind others"
tap_like "$(bash --norc -c '. "$0"; complete -p leakring' "$script")" '_leakring leakring$' "bash: it is registered"
(traced_exec "$T/live.lkr" sh -c 'exec sleep 600') &
sleeper=$!
is_traced() { grep -q libleakring "/proc/$sleeper/maps" && ! grep -qw sh "/proc/$sleeper/comm"; }
wait_for 60 is_traced
tap_is "$(complete_bash leakring top "$sleeper")" "$sleeper" "bash: processes that run with the library"
kill "$sleeper"
rm -f live.lkr

# zsh completes on a screen only; Ctrl-U clears the line.
trap 'tmux -S "$T/tmux" kill-server 2>/dev/null; tap_cleanup' EXIT
trap 'exit 143' TERM INT
zsh_screen() { tmux -S "$T/tmux" capture-pane -p -t zsh 2>/dev/null; }
on_screen() { zsh_screen | grep -qE -- "$1"; }
zsh_keys() { tmux -S "$T/tmux" send-keys -t zsh "$@"; }
# shows_all WORD…: each of them is on the screen, whole.
shows_all() {
    local screen=" $(zsh_screen | tr '\n' ' ') " word
    for word; do [[ $screen = *" $word"[\ =]* ]] || return 1; done
}
# zsh_shows LINE NAME WORD…: after LINE and Tab, all of the words are on the screen.
zsh_shows() {
    local line=$1 name=$2
    shift 2
    zsh_keys C-u # no C-c: a signal throws away what was typed
    zsh_keys C-l
    zsh_keys -l "$line"
    wait_for 60 on_screen "^> $(sed 's/ *$//' <<<"$line")\$" # the screen has no blanks at the ends
    zsh_keys Tab
    wait_for 60 shows_all "$@"
    tap_ok $? "$name" "$(zsh_screen)"
}
on_zsh() {
    mkdir zdot functions
    cp "$LR_BUILD/completion/_leakring" functions
    cat >zdot/.zshrc <<'Z'
fpath=($HOME/functions $fpath)
autoload -U compinit && compinit -u -D
LISTMAX=1000
setopt NO_BEEP; bindkey -e
PS1='> '
Z
    tmux -S "$T/tmux" -f /dev/null new-session -d -s zsh -x 200 -y 70 \
        "env HOME='$T' ZDOTDIR='$T/zdot' PATH='$PATH' TERM=screen zsh -d -i"
    wait_for 60 on_screen '^>'
    tap_ok $? "zsh starts" "$(zsh_screen)"
    zsh_shows "leakring " "zsh: every command" $commands
    for command in $commands; do
        zsh_shows "leakring $command --" "zsh: every option of leakring $command --help" $(long_options $command)
    done
    zsh_shows "leakring report --color=" "zsh: words" auto always never
    zsh_shows "leakring report " "zsh: traces and directories" deep/ here.lkr
    tmux -S "$T/tmux" kill-server 2>/dev/null
}
if tap_have zsh && tap_have tmux; then on_zsh; else tap_skip "zsh" "zsh or tmux is not installed"; fi
tap_done
