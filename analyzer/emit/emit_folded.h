/* emit_folded.h -- paragraphs behind a word in the margin, for `oom` and `host`.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_FOLDED_H
#define LEAKRING_EMIT_FOLDED_H

/* Prints `lead` and the text behind it on stdout, folded to the terminal, further lines indented
 * by `indent`.  With an empty lead the first line is indented too. */
void lr_print_folded(const char *lead, unsigned indent, const char *text);

#endif
