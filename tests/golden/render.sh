# render.sh -- writes the golden reports of the synthesized traces; sourced, not run.
#
#     golden_render CLI GENERATOR DIRECTORY    NAME.txt and NAME.json for each trace, in DIRECTORY
#
# Text is what a pipe gets; NAME.tty.txt is coloured; JSON is laid out by jq, for the reviewer.

golden_render() {
    local cli=$1 generator=$2 directory=$3 name trace
    "$generator" "$directory" || return 1
    (
        cd "$directory" || exit 1
        for trace in *.lkr; do
            name=${trace%.lkr}
            "$cli" report "$trace" >"$name.txt" || exit 1
            "$cli" report --format=json "$trace" | jq . >"$name.json" || exit 1
        done
        "$cli" report --color=always --stacks --bytes --top=2 leak.lkr >leak.tty.txt || exit 1
        "$cli" report --format=short leak.lkr >leak.short.txt || exit 1
        "$cli" report --filter='*Handler*' --pair=inflater leak.lkr >leak.filter.txt || exit 1
        "$cli" report --site="$(jq -r '.pairs[0].sites[0].id' leak.json)" leak.lkr >leak.site.txt || exit 1
        "$cli" report --site="$(jq -r '.sites[0].id' native.json)" native.lkr >native.site.txt || exit 1
        rm -f ./*.lkr
    )
}
