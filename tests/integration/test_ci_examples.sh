#!/bin/bash
# The ready-made steps for continuous integration (share/leakring/ci): they parse, their shell steps
# run as they are, fail on a leak and pass without, and write the files that they publish.
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/python.sh"
tap_need python3
examples=$LR_ROOT/share/leakring/ci
mkdir -p bin ci
ln -s "$LR_CLI" bin/leakring
cp "$examples"/leakring.* ci/
PATH=$T/bin:$PATH
export LEAKRING_LIB=$LR_LIB GITHUB_STEP_SUMMARY=$T/summary.md

# Each step of each system with leakring in it, as a script of its own.
cat >steps.py <<'EOF'
import re, sys, yaml
root = sys.argv[1]
github = yaml.safe_load(open(root + "/github-actions.yml"))
steps = [s["run"] for s in github["jobs"]["soak"]["steps"] if "leakring" in s.get("run", "")]
open("github.sh", "w").write("\n".join(steps))
uploads = [s["with"] for s in github["jobs"]["soak"]["steps"] if "upload" in s.get("uses", "")]
open("github.files", "w").write("\n".join([uploads[0]["sarif_file"]] + uploads[1]["path"].split()))
assert True in github or "on" in github, "a trigger"
gitlab = yaml.safe_load(open(root + "/gitlab-ci.yml"))["soak"]
open("gitlab.sh", "w").write("\n".join(gitlab["script"]))
open("gitlab.files", "w").write("\n".join(gitlab["artifacts"]["paths"] + [gitlab["artifacts"]["reports"]["junit"]]))
jenkins = open(root + "/Jenkinsfile").read()
assert jenkins.count("{") == jenkins.count("}"), "braces"
shell = [s.replace("\\\\", "\\") for s in re.findall(r"sh '''(.*?)'''", jenkins, re.S)] # as Groovy does
open("jenkins.sh", "w").write(shell[0])
open("jenkins.post.sh", "w").write(shell[1])
archive = re.search(r"artifacts: '([^']*)'", jenkins).group(1)
open("jenkins.files", "w").write("\n".join(archive.replace(",", " ").split()))
EOF
python=$(python_with yaml) || tap_skip_all "python3-yaml is not installed"
"$python" steps.py "$examples" >steps.err 2>&1
tap_ok $? "the examples parse" "$(cat steps.err)"

step_test() { # SYSTEM
    local system=$1 want file missing=
    for want in 1 0; do
        rm -rf work && mkdir work && cp -r ci work/
        : >summary.md
        if [ $want -eq 1 ]; then SOAK="$LR_ORACLE/zlib_pairs exit"; else SOAK=$LR_ORACLE/say_hello; fi
        export SOAK
        # Both runners run a step so.
        (cd work && LEAKRING= bash --noprofile --norc -eo pipefail "../$system.sh") >$system.$want.out 2>&1
        tap_is "$?" $want "$system: exit code $want" "$(tail -5 $system.$want.out)"
        cp summary.md $system.$want.summary
        [ ! -e $system.post.sh ] || (cd work && sh -e "../$system.post.sh") >>$system.$want.out 2>&1
        missing=
        while read -r file || [ -n "$file" ]; do
            compgen -G "work/$file" >/dev/null || missing="$missing $file"
        done <$system.files
        [ $want -eq 0 ] || tap_is "$missing" "" "$system: what is published is there"
    done
}
step_test github
tap_like "$(cat github.1.out)" '^::error ' "github: annotations of the leak"
tap_is "$(grep '^###' github.1.summary)" "### ❌ leakring: FAIL: zlib\\_pairs" "github: the step's summary"
step_test gitlab
step_test jenkins
tap_done
