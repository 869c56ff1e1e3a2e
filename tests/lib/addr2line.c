/* addr2line.c -- what eu-addr2line and we say of the same addresses, compared (addr2line.h).
 *
 * Stage: tests of SYMBOLIZE.  The tool prints for an address, asked with -a -f -i -C:
 *     0x1139
 *     inner inlined at /src/a.c:7 in outer
 *     /src/a.c:3:9
 *     outer                     (for each inlined call)
 *     /src/a.c:7:2
 * The chain behind the first line comes from another walk, which goes wrong in elfutils 0.188 where
 * calls of one function overlap: the line says "inlined at 135" and the chain 133, or the chain is
 * longer or shorter.  addr2line and llvm-addr2line side with the first line, and so do we; such an
 * address is counted as `torn` and compared with the first line alone.
 */
#include "addr2line.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demangle.h"
#include "load.h"
#include "make_trace.h"
#include "symbolize.h"

enum { FRAMES_MAX = 64, LINE_MAX_BYTES = 1 << 16, A_STACK = 256 };

struct place {
    char *function, *file;
    int line; /* 0: unknown */
};

struct answer {
    struct place frames[FRAMES_MAX];
    size_t count;
    struct place call; /* of frames[0], by the first line; function is NULL when not inlined */
    bool torn;
};

static void clear(struct answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        free(answer->frames[i].function);
        free(answer->frames[i].file);
    }
    free(answer->call.file);
    memset(answer, 0, sizeof(*answer));
}

/* --- the tool ------------------------------------------------------------------------------ */

static bool is_address(const char *line)
{
    return line[0] == '0' && line[1] == 'x' &&
           line[2 + strspn(line + 2, "0123456789abcdef")] == '\n';
}

/* FILE:LINE:COLUMN; unknown is ??:0 or ??:?. */
static void read_place(struct place *place, const char *line)
{
    const char *colon = strrchr(line, ':');

    if (strncmp(line, "??", 2) == 0 || !colon) {
        place->file = strdup("");
        place->line = 0;
        return;
    }
    for (const char *at = colon; at > line;) {
        while (--at > line && *at >= '0' && *at <= '9')
            ;
        if (*at != ':')
            break;
        colon = at;
    }
    place->file = strndup(line, (size_t)(colon - line));
    place->line = atoi(colon + 1);
}

/* "FUNCTION inlined at FILE:LINE:COLUMN in OUTER", or only "FUNCTION". */
static void read_function(struct answer *answer, char *line)
{
    struct place *place = &answer->frames[answer->count];
    char *mark = strstr(line, " inlined at "), *in = mark ? strstr(mark, " in ") : NULL;

    place->function = strndup(line, mark ? (size_t)(mark - line) : strcspn(line, "\n"));
    if (!in || answer->count > 0)
        return;
    *in = '\0';
    read_place(&answer->call, mark + strlen(" inlined at "));
}

static bool is_torn(const struct answer *answer)
{
    if (!answer->call.file)
        return answer->count > 1;
    return answer->count < 2 || answer->frames[1].line != answer->call.line ||
           strcmp(answer->frames[1].file, answer->call.file) != 0;
}

/* The next address's answer; `line` holds its address line, and afterwards the one behind it. */
static bool read_answer(FILE *tool, bool other_tool, char *line, struct answer *answer)
{
    clear(answer);
    if (!is_address(line))
        return false;
    while (fgets(line, LINE_MAX_BYTES, tool) && !is_address(line) && answer->count < FRAMES_MAX) {
        read_function(answer, line);
        if (!fgets(line, LINE_MAX_BYTES, tool))
            return false;
        read_place(&answer->frames[answer->count++], line);
    }
    answer->torn = !other_tool && is_torn(answer);
    return true;
}

/* --- addresses ------------------------------------------------------------------------------ */

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return random_state >> 33;
}

/* `samples` addresses spread over the executable sections but the PLT; how many.  `build_id` gets
 * the file's, in hex. */
static size_t choose_addresses(const char *path, unsigned samples, uint64_t *addresses,
                               char build_id[2 * LR_BUILD_ID_MAX + 1])
{
    const void *id;
    ssize_t id_size;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t count = 0, names = 0;
    uint64_t total = 0;
    Elf *elf;
    GElf_Shdr header;

    elf_version(EV_CURRENT);
    elf = elf_begin(fd, ELF_C_READ, NULL);
    elf_getshdrstrndx(elf, &names);
    id_size = dwelf_elf_gnu_build_id(elf, &id);
    build_id[0] = '\0';
    for (ssize_t i = 0; i < id_size && i < LR_BUILD_ID_MAX; i++)
        sprintf(build_id + 2 * i, "%02x", ((const unsigned char *)id)[i]);
    for (int pass = 0; pass < 2; pass++)
        for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
            if (!gelf_getshdr(scn, &header) || !(header.sh_flags & SHF_EXECINSTR) ||
                header.sh_size == 0 ||
                strncmp(elf_strptr(elf, names, header.sh_name), ".plt", 4) == 0)
                continue;
            if (pass == 0) {
                total += header.sh_size;
                continue;
            }
            size_t share = (size_t)(samples * header.sh_size / total);
            for (size_t i = 0; i < share && count < samples; i++)
                addresses[count++] =
                    header.sh_addr + header.sh_size * i / share +
                    next_random() % (header.sh_size / share ? header.sh_size / share : 1);
        }
    elf_end(elf);
    close(fd);
    return count;
}

static FILE *ask_tool(const struct lr_addr2line_query *query, const uint64_t *addresses,
                      size_t count)
{
    char options[2048] = "", command[4096], list[] = "/tmp/leakring-addr2line.XXXXXX";
    int fd = mkstemp(list);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL, *tool;

    if (!file)
        return NULL;
    for (size_t i = 0; i < count; i++)
        fprintf(file, "0x%llx\n", (unsigned long long)addresses[i]);
    fclose(file);
    if (query->debug_dir && !query->tool)
        snprintf(options, sizeof(options), "--debuginfo-path='%s':.debug:/usr/lib/debug",
                 query->debug_dir);
    snprintf(command, sizeof(command),
             "exec <'%s'; rm '%s'; exec %s -a -f -i %s -e '%s' 2>/dev/null", list, list,
             query->tool ? query->tool : "eu-addr2line -C", options,
             query->tool_path ? query->tool_path : query->path);
    tool = popen(command, "r");
    return tool;
}

/* --- comparison ------------------------------------------------------------------------------ */

/* The tool puts the compilation directory before relative names. */
static bool same_file(const char *tools, const char *ours)
{
    size_t tools_length = strlen(tools), length = strlen(ours);

    return length <= tools_length && strcmp(tools + tools_length - length, ours) == 0;
}

static size_t base_length(const char *name)
{
    return strcspn(name, "<");
}

/* For internal functions DWARF may have the name alone, without class and parameters; we look them
 * up in the symbol table, or find the class by what is around the function. */
static bool is_brief(const char *tools, const char *ours)
{
    const char *found = tools[0] ? strstr(ours, "::") : NULL;

    for (; found; found = strstr(found + 2, "::"))
        if (strncmp(found + 2, tools, base_length(tools)) == 0 &&
            strchr("<([", found[2 + base_length(tools)]) != NULL)
            return true;
    return false;
}

/* C++ and Rust names that the tool's demangler leaves as they are, or can't shorten. */
static bool same_demangled(const char *tools, const char *ours)
{
    char *name = lr_demangle(tools);
    bool same = strcmp(name, ours) == 0;

    free(name);
    return same;
}

static bool same_function(const char *tools, const struct lr_frame_name *ours)
{
    if (strcmp(tools, "??") == 0)
        return ours->kind == LR_FRAME_KIND_UNKNOWN;
    return strcmp(tools, ours->full) == 0 || same_demangled(tools, ours->full);
}

/* Are these two names of one place?  Asked for few addresses, so the table is walked. */
static bool aliases_in(const char *path, uint64_t address, const char *a, const char *b)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    uint64_t at[2] = {0, 0};
    GElf_Shdr header;
    GElf_Sym sym;

    for (Elf_Scn *scn = NULL; elf && (scn = elf_nextscn(elf, scn)) != NULL;) {
        if (!gelf_getshdr(scn, &header) ||
            (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
            continue;
        Elf_Data *data = elf_getdata(scn, NULL);
        for (int i = 1; data && gelf_getsym(data, i, &sym); i++) {
            const char *raw = elf_strptr(elf, header.sh_link, sym.st_name);
            if (!raw || sym.st_value > address || sym.st_value + sym.st_size <= address)
                continue;
            char *name = lr_demangle(raw);
            /* "malloc@@GLIBC_2.2.5" is malloc */
            if (strcmp(name, a) == 0 || strncmp(raw, a, strcspn(raw, "@")) == 0)
                at[0] = sym.st_value;
            if (strcmp(name, b) == 0 || strncmp(raw, b, strcspn(raw, "@")) == 0)
                at[1] = sym.st_value;
            free(name);
        }
    }
    elf_end(elf);
    close(fd);
    return at[0] && at[0] == at[1];
}

static bool is_alias(const struct lr_addr2line_query *query, uint64_t address, const char *tools,
                     const char *ours)
{
    return aliases_in(query->path, address, tools, ours) ||
           (query->debug_file && aliases_in(query->debug_file, address, tools, ours));
}

static bool same_place(const struct place *tools, const struct lr_frame_name *ours)
{
    int line = ours->line > 0 ? ours->line : 0;

    return tools->line == line && (line == 0 || same_file(tools->file, ours->file));
}

static void tell(const struct lr_addr2line_query *query, uint64_t address,
                 const struct answer *answer, const struct lr_frame_name *names, size_t count)
{
    char line[4096];
    size_t length;

    if (!query->report)
        return;
    length = (size_t)snprintf(line, sizeof(line), "%s 0x%llx tool:", query->path,
                              (unsigned long long)address);
    for (size_t i = 0; i < answer->count && length < sizeof(line); i++)
        length += (size_t)snprintf(line + length, sizeof(line) - length, " [%s %s:%d]",
                                   answer->frames[i].function, answer->frames[i].file,
                                   answer->frames[i].line);
    for (size_t i = 0; i < count && length < sizeof(line); i++)
        length +=
            (size_t)snprintf(line + length, sizeof(line) - length, "%s[%s %s:%d]",
                             i ? " " : " ours: ", names[i].full, names[i].file, names[i].line);
    query->report(line);
}

/* Only with what the tool's first line says. */
static bool same_torn(const struct answer *answer, const struct lr_frame_name *names, size_t count)
{
    if ((!same_function(answer->frames[0].function, &names[0]) &&
         !is_brief(answer->frames[0].function, names[0].full)) ||
        !same_place(&answer->frames[0], &names[0]))
        return false;
    return answer->call.file ? count > 1 && same_place(&answer->call, &names[1]) : count == 1;
}

static bool same_chain(const struct lr_addr2line_query *query, uint64_t address,
                       const struct answer *answer, const struct lr_frame_name *names, size_t count,
                       bool *alias, bool *brief)
{
    if (answer->count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct place *tools = &answer->frames[i];

        if (!same_place(tools, &names[i]))
            return false;
        if (same_function(tools->function, &names[i]))
            continue;
        if (is_brief(tools->function, names[i].full)) {
            *brief = true;
            continue;
        }
        *alias = i + 1 == count && is_alias(query, address, tools->function, names[i].full);
        if (!*alias)
            return false;
    }
    return true;
}

/* Padding, and code without DWARF: the tools name what lies before.  eu-addr2line has the line
 * before, binutils the symbol before. */
static bool is_outside(const struct answer *answer, const struct lr_frame_name *names, size_t count)
{
    const struct place *tools = &answer->frames[0];

    if (count != 1 || answer->count != 1 || names[0].line > 0)
        return false;
    if (same_function(tools->function, &names[0]))
        return tools->line > 0;
    return names[0].kind == LR_FRAME_KIND_UNKNOWN && tools->line == 0;
}

static void compare_one(const struct lr_addr2line_query *query, uint64_t address,
                        const struct answer *answer, const struct lr_frame_name *names,
                        size_t count, struct lr_addr2line_result *result)
{
    bool alias = false, brief = false;

    result->asked++;
    if (answer->torn && same_torn(answer, names, count)) {
        result->torn++;
    } else if (same_chain(query, address, answer, names, count, &alias, &brief)) {
        result->same++;
        result->alias += alias;
        result->brief += brief;
        result->inlined += count > 1;
        result->lines += names[0].line > 0;
    } else if (is_outside(answer, names, count)) {
        result->outside++;
    } else {
        result->other++;
        tell(query, address, answer, names, count);
    }
}

static void compare_all(const struct lr_addr2line_query *query, FILE *tool,
                        const uint64_t *addresses, size_t count, const char *build_id,
                        struct lr_addr2line_result *result)
{
    struct lr_symbolizer_options options = {.debug_dir = query->debug_dir};
    struct lr_make *make = lr_make_new();
    uint32_t module = lr_make_module(make, query->path, 0, 0x1000, 0x100000000, build_id);
    uint64_t *frames = calloc(count, sizeof(*frames));
    struct answer answer = {.count = 0};
    char *line = calloc(1, LINE_MAX_BYTES);
    const unsigned char *bytes;
    struct lr_symbolizer *symbolizer;
    struct lr_trace *trace;
    size_t size;

    for (size_t i = 0; i < count; i++)
        frames[i] = lr_make_native_frame(module, addresses[i] + 1);
    for (size_t i = 0; i < count; i += A_STACK) /* no writer keeps more frames in one */
        lr_make_stack(make, frames + i, (unsigned)(count - i < A_STACK ? count - i : A_STACK), 0);
    bytes = lr_make_bytes(make, &size);
    if (lr_trace_open_bytes(bytes, size, "x", &trace, NULL) != LR_OK)
        abort();
    symbolizer = lr_symbolizer_open(trace, &options);
    if (!fgets(line, LINE_MAX_BYTES, tool))
        line[0] = '\0';
    for (size_t i = 0; i < count && read_answer(tool, query->tool != NULL, line, &answer); i++) {
        const struct lr_frame_name *names;
        size_t found = lr_symbolize_frame(symbolizer, (uint32_t)(1 + i / A_STACK),
                                          (uint32_t)(i % A_STACK), &names);

        compare_one(query, addresses[i], &answer, names, found, result);
    }
    clear(&answer);
    free(line);
    free(frames);
    lr_symbolizer_close(symbolizer);
    lr_trace_close(trace);
    lr_make_free(make);
}

int lr_addr2line_compare(const struct lr_addr2line_query *query, struct lr_addr2line_result *result)
{
    uint64_t *addresses = calloc(query->samples, sizeof(*addresses));
    char build_id[2 * LR_BUILD_ID_MAX + 1];
    size_t count;
    FILE *tool;

    memset(result, 0, sizeof(*result));
    random_state = 42; /* the same addresses in every run */
    count = choose_addresses(query->path, query->samples, addresses, build_id);
    tool = ask_tool(query, addresses, count);
    if (tool) {
        compare_all(query, tool, addresses, count, build_id, result);
        pclose(tool);
    }
    free(addresses);
    return count > 0 && result->asked == count ? 0 : -1;
}
