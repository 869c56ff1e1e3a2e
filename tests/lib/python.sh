# python.sh -- sourced by tests that want a Python module of a Debian package.

# python_with MODULE…: a Python that has them, on stdout; 1 when none does.
python_with() {
    local python modules
    modules=$(IFS=,; echo "$*")
    for python in python3 /usr/bin/python3; do
        "$python" -c "import $modules" 2>/dev/null && { echo "$python"; return 0; }
    done
    return 1
}
