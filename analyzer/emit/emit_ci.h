/* emit_ci.h -- the answers of the gate as continuous integration systems read them.
 *
 * Stage: EMIT.  Context: analyzer only.  Names are stable from run to run (no figures, addresses,
 * pids), figures are in messages; what may be suppressed is listed with its reason.  Write errors
 * are the caller's (ferror).
 */
#ifndef LEAKRING_EMIT_CI_H
#define LEAKRING_EMIT_CI_H

#include <stdio.h>

#include "gate.h"

/* JUnit XML: a suite for each recording, a case for each answer; "cannot tell" is an error, what a
 * suppression covers is skipped. */
enum lr_status lr_emit_junit(FILE *out, const struct lr_gate_report *const *reports, size_t count,
                             struct lr_error *error);
/* Markdown, less than a megabyte. */
enum lr_status lr_emit_markdown(FILE *out, const struct lr_gate_report *const *reports,
                                size_t count, struct lr_error *error);
/* SARIF 2.1.0 of what fails or can't be told.  `fallback` is the file to point at where no source
 * file is known; NULL: a made-up name. */
enum lr_status lr_emit_sarif(FILE *out, const struct lr_gate_report *const *reports, size_t count,
                             const char *fallback, struct lr_error *error);
/* Workflow commands that GitHub shows beside the code: ten at most, as it shows no more. */
void lr_emit_annotations(FILE *out, const struct lr_gate_report *const *reports, size_t count);

/* --- shared by them --------------------------------------------------------------------------- */

/* "java", or "java (2)" for the second recording of one program; `size` bytes. */
const char *lr_ci_suite(char *out, size_t size, const struct lr_gate_report *const *reports,
                        size_t index);
/* "growth: malloc at com.acme.Cache.fill", or what the rule asks. */
const char *lr_ci_case(char *out, size_t size, const struct lr_gate_result *result);
/* The culprit's source file as the checkout has it, relative to the working directory: found below
 * the usual source directories by its package, or as the compiler recorded it.  False: not known.
 */
bool lr_ci_source(char *out, size_t size, const struct lr_gate_result *result);
/* "PASS", "FAIL", "CANNOT TELL" */
const char *lr_ci_word(enum lr_gate_outcome outcome);

#endif
