# count.awk -- TAP in, "passed failed skipped" out; what is wrong with the run itself on stderr.
# Variables: status (of the test), limit (its time limit in seconds).
# cmocka writes a skipped test as `not ok N # SKIP`, and one plan per group of tests.
/^1\.\.[0-9]+/ { sub(/^1\.\./, ""); planned += $1; plans++ }
/^(not )?ok/ {
    results++
    if (toupper($0) ~ /# SKIP/) skipped++
    else if (/^ok/) passed++
    else failed++
}
END {
    why = ""
    if (status == 124 || status == 137) why = "time limit of " limit " s reached"
    else if (!plans) why = "ended with status " status " without a plan"
    else if (results != planned) why = results + 0 " results of " planned " planned"
    else if (status != 0 && !failed) why = "ended with status " status
    if (why != "") { failed++; print "not ok - " why > "/dev/stderr" }
    print passed + 0, failed + 0, skipped + 0
}
