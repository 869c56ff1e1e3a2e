/* commands.h -- the subcommands: one function in one cmd_NAME.c each, one line in this table.
 *
 * Stage: outermost.  Context: analyzer only.  `LR_COMMAND(name, summary)` declares
 * `int lr_cmd_NAME(int argc, char **argv)`, whose argv[0] is the command's name and whose result
 * is the exit code (status.h).
 */
#ifndef LEAKRING_COMMANDS_H
#define LEAKRING_COMMANDS_H

/* In the order in which `leakring --help` shows them. */
#define LR_COMMANDS(LR_COMMAND)                                                                    \
    LR_COMMAND(run, "run a program and trace it")                                                  \
    LR_COMMAND(report, "say what leaks, and where it was acquired")                                \
    LR_COMMAND(check, "pass or fail by rules, for continuous integration")                         \
    LR_COMMAND(diff, "say what is new, gone, grown or shrunk between two runs")                    \
    LR_COMMAND(top, "watch what grows in a running process")                                       \
    LR_COMMAND(mark, "name a moment of a running process: the end of its warm-up")                 \
    LR_COMMAND(gc, "make a running JVM collect, and say what was garbage and what is held")        \
    LR_COMMAND(export, "write live memory by stack, for pprof, jeprof or a flame graph")           \
    LR_COMMAND(dump, "show what a trace file holds, unjudged")                                     \
    LR_COMMAND(doctor, "check whether tracing can work here, and why it didn't")                   \
    LR_COMMAND(oom, "explain a kernel's out-of-memory report")                                     \
    LR_COMMAND(host, "say where this machine's memory is and who would be killed")

#define LR_COMMAND(name, summary) int lr_cmd_##name(int argc, char **argv);
LR_COMMANDS(LR_COMMAND)
#undef LR_COMMAND

#endif
