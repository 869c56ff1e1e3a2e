/* symbolize_serve.c -- the process that reads ELF and DWARF (symbolize_worker.h).
 *
 * Stage: SYMBOLIZE.  Context: a child of the command, which has its memory as it was at the fork.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "debuginfod.h"
#include "demangle.h"
#include "symbolize_worker.h"

struct served {
    struct lr_symbol_module module;
    struct lr_symbol_limits limits;
};

struct server {
    const struct lr_symbol_site *site;
    struct lr_debuginfod *servers;
    struct served *modules;
    char *answer; /* room for LR_ANSWER_MOST and its size */
    size_t used;  /* without the size */
};

static void put_bytes(struct server *server, const void *bytes, size_t length)
{
    if (length > LR_ANSWER_MOST - server->used)
        return; /* the other side finds the answer torn; can't happen with texts cut as below */
    memcpy(server->answer + sizeof(uint32_t) + server->used, bytes, length);
    server->used += length;
}

/* NULL is empty. */
static void put_text(struct server *server, const char *text)
{
    put_bytes(server, text ? text : "", text ? strnlen(text, LR_NAME_MOST) : 0);
    put_bytes(server, "", 1);
}

/* The frames at an address, innermost first; 0 when nothing is known. */
static size_t look_up(const struct lr_symbol_module *module, uint64_t address,
                      struct lr_raw_frame raw[LR_INLINE_MAX])
{
    size_t count = lr_dwarf_find(module->dwarf, address, raw);
    const char *symbol = lr_symtab_find(module->symtab, address);
    if (count == 0) {
        raw[0].name = symbol;
        return symbol != NULL;
    }
    /* DWARF names internal functions of C++ without their class; the symbol has it. */
    struct lr_raw_frame *outer = &raw[count - 1];
    if (outer->name == NULL ||
        (symbol != NULL && lr_is_mangled(symbol) && !lr_is_mangled(outer->name)))
        outer->name = symbol;
    return count;
}

static void put_frame(struct server *server, const struct lr_raw_frame *raw)
{
    int32_t line = raw->line > 0 ? raw->line : 0;
    char *function = NULL, *full = NULL;

    if (raw->name && strlen(raw->name) <= LR_NAME_MOST) { /* no demangler is asked about more */
        function = lr_demangle_short(raw->name);
        full = lr_demangle(raw->name);
    }
    put_bytes(server, &line, sizeof(line));
    put_text(server, function);
    put_text(server, full);
    put_text(server, raw->file);
    free(function);
    free(full);
}

static void open_module(struct server *server, uint32_t index)
{
    struct lr_module_view view;

    lr_trace_module_at(server->site->trace, index, &view);
    lr_symbol_module_open(&server->modules[index].module, &view,
                          &(struct lr_symbol_places){.options = server->site->options,
                                                     .root = server->site->root,
                                                     .servers = server->servers});
}

static void answer(struct server *server, const struct lr_question *question)
{
    struct served *served = &server->modules[question->module];
    struct lr_raw_frame raw[LR_INLINE_MAX] = {{0}};
    size_t count = 0;

    server->used = 0;
    lr_symbol_limits_enter(&served->limits);
    if (!served->module.opened)
        open_module(server, question->module);
    if (question->name)
        count = look_up(&served->module, question->address, raw);
    put_text(server, served->module.problem);
    for (size_t i = 0; i < count; i++)
        put_frame(server, &raw[i]);
    if (lr_symbol_limits_missed()) /* some names would be missing, and nobody would know */
        _exit(LR_EXIT_NO_MEMORY);
    lr_symbol_limits_leave(&served->limits);
}

static bool send_answer(int fd, struct server *server)
{
    size_t size = sizeof(uint32_t) + server->used, sent = 0;
    uint32_t used = (uint32_t)server->used;

    memcpy(server->answer, &used, sizeof(used));
    while (sent < size) {
        ssize_t got = send(fd, server->answer + sent, size - sent, MSG_NOSIGNAL);

        if (got < 0 && errno != EINTR)
            return false;
        sent += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* elfutils, out of memory, calls exit(); what was inherited unwritten is not to be written here. */
static void leave_at_once(void)
{
    _exit(LR_EXIT_NO_MEMORY);
}

/* The handlers of the command are not for us; and ^C is told the command, which ends us. */
static void forget_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void lr_symbol_serve(int fd, const struct lr_symbol_site *site)
{
    struct lr_question question;
    struct server server = {.site = site,
                            .servers = lr_debuginfod_open(),
                            .modules = calloc(site->module_count, sizeof(*server.modules)),
                            .answer = malloc(sizeof(uint32_t) + LR_ANSWER_MOST)};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    forget_signals();
    if (!server.modules || !server.answer || atexit(leave_at_once) != 0)
        return; /* NOLINT(clang-analyzer-unix.Malloc): the process ends */
    lr_symbol_limits_begin(server.servers != NULL);
    while (recv(fd, &question, sizeof(question), MSG_WAITALL) == sizeof(question)) {
        if (question.module >= site->module_count)
            return;
        if (lr_symbol_limits_exhausted())
            _exit(LR_EXIT_EXHAUSTED);
        answer(&server, &question);
        if (!send_answer(fd, &server))
            return;
    }
}
