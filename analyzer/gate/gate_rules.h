/* gate_rules.h -- rules from words: of options, and of a file.
 *
 * Stage: command line (check, run --check).  Context: analyzer only.
 */
#ifndef LEAKRING_GATE_RULES_H
#define LEAKRING_GATE_RULES_H

#include "gate.h"

enum lr_gate_key {
#define LR_GATE_KEY(id, name, value) LR_GATE_KEY_##id,
#include "gate_rules.def"
#undef LR_GATE_KEY
    LR_GATE_KEYS
};

/* LR_USAGE with a message, which says what is expected, when the value is wrong; `value` NULL is a
 * key without one. */
enum lr_status lr_gate_rules_set(struct lr_gate_rules *rules, enum lr_gate_key key,
                                 const char *value, struct lr_error *error);
/* The same by name; unknown ones are LR_USAGE, with the name that may be meant. */
enum lr_status lr_gate_rules_set_named(struct lr_gate_rules *rules, const char *name,
                                       const char *value, struct lr_error *error);

/* Sets what an INI file says: `key = value` lines, in the section [rules] or in none, comments
 * behind ; or #.  At most 64 KiB; the message names the line.  The file may set `baseline`, too:
 * *baseline is malloc()ed then, relative to the file's folder, and else left alone. */
enum lr_status lr_gate_rules_read(struct lr_gate_rules *rules, const char *path, char **baseline,
                                  struct lr_error *error);

#endif
