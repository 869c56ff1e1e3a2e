/* top_screen.c -- top_screen.h.  Stage: command line, for `leakring top`.  Context: analyzer only.
 */
#include "top_screen.h"

#include <curses.h>
#include <locale.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "emit_page.h"
#include "top_text.h"
#include "units.h"

enum { VERDICT_LINES = 4, CURVE_LEFT = 26, MOST_POINTS = 400 };
enum { GOOD = 1, BAD, UNSURE };

static const char *const help[] = {
    "g b c       sort by growth, live bytes, count",
    "< >         by the column before, the next",
    "up down     choose a place, or move in a stack (also k j, page up and down)",
    "Enter Esc   a place's stack, and back",
    "m           all places, only streams, only memory",
    "/           only places with a word in their stack",
    "space       hold the figures, and go on",
    "q           leave",
    "",
    "change/min  what live memory gained in the last minute",
    "trend       the report's judgement, which wants five minutes",
    "A - is not known yet, or of a place that isn't followed: only the largest",
    "and the fastest are. Address space that was only mapped isn't listed.",
};

bool lr_top_screen_begin(void)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return false;
    setlocale(LC_CTYPE, "");
    if (!newterm(NULL, stdout, stdin))
        return false;
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    const char *plain = getenv("NO_COLOR");
    if (has_colors() && !(plain && *plain)) {
        start_color();
        use_default_colors();
        init_pair(GOOD, COLOR_GREEN, -1);
        init_pair(BAD, COLOR_RED, -1);
        init_pair(UNSURE, COLOR_YELLOW, -1);
    }
    return true;
}

void lr_top_screen_end(void)
{
    endwin();
}

/* Text that ends at the right edge, whatever it is made of; two dots say that there is more. */
static void put(int y, int x, const char *text)
{
    wchar_t wide[LR_TOP_LINE];
    size_t length = mbstowcs(wide, text, LR_TOP_LINE - 1), whole = length;
    int room = COLS - x, used = 0;

    if (y >= LINES || room <= 0)
        return;
    if (length == (size_t)-1) { /* not in this locale's words */
        mvaddnstr(y, x, text, room);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        int width = wcwidth(wide[i]);

        if (width < 0 || used + width > room) {
            length = i;
            break;
        }
        used += width;
    }
    mvaddnwstr(y, x, wide, (int)length);
    if (length < whole && room > 8 && used >= room - 1)
        mvaddstr(y, COLS - 2, "..");
}

/* A sentence over at most `most` lines; returns how many it took. */
static int put_wrapped(int y, const char *text, int most)
{
    int lines = 0;

    while (*text && lines < most) {
        size_t length = strlen(text), room = (size_t)COLS;
        char line[LR_TOP_LINE];

        if (length > room && lines + 1 < most) {
            size_t cut = room;

            while (cut > room / 2 && text[cut] != ' ')
                cut--;
            length = cut > room / 2 ? cut : room;
        }
        snprintf(line, sizeof(line), "%.*s", (int)length, text);
        put(y + lines++, 0, line);
        text += length;
        text += strspn(text, " ");
    }
    return lines;
}

static int verdict_color(enum lr_verdict kind)
{
    return COLOR_PAIR(kind == LR_VERDICT_LEAK ? BAD : kind == LR_VERDICT_NONE ? GOOD : UNSURE);
}

/* "resident  271 MB  ▁▂▃▄▅▆▇█" */
static void draw_curve(int y, const struct lr_model_series *series, const char *name,
                       const char *label)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    signed char eighths[MOST_POINTS];
    char line[LR_TOP_LINE], size[LR_UNIT_SIZE];
    int room = COLS - CURVE_LEFT - 2;
    uint64_t most, last;
    size_t points;

    if (room < 1)
        room = 1;
    points = lr_top_curve(series, name, eighths, room < MOST_POINTS ? (size_t)room : MOST_POINTS,
                          &most, &last);
    if (points == 0)
        return;
    snprintf(line, sizeof(line), "%-13s %9s", label, lr_unit_bytes(size, last, false));
    put(y, 0, line);
    for (size_t i = 0; i < points; i++)
        if (eighths[i] >= 0)
            mvaddstr(y, CURVE_LEFT + (int)i, utf8 ? blocks[eighths[i]] : &" .:-=+*#@"[eighths[i]]);
    clrtoeol();
}

/* Returns the line below it. */
static int draw_head(const struct lr_top_view *view, const struct lr_model *model)
{
    char line[LR_TOP_LINE];
    int y = 1;

    put(0, 0, lr_top_state(line, model));
    if (view->trouble) {
        attron(A_REVERSE);
        put(y++, 0, view->trouble);
        attroff(A_REVERSE);
    } else {
        attron(A_BOLD | verdict_color(model->verdict.kind));
        y += put_wrapped(y, lr_top_verdict(line, model), VERDICT_LINES);
        attroff(A_BOLD | verdict_color(model->verdict.kind));
    }
    draw_curve(y, &model->series, "rss", "resident");
    draw_curve(y + 1, &model->series, "live_bytes", "live blocks");
    draw_curve(y + 2, &model->series, "java_heap_size", "Java heap");
    return y + 3;
}

static void draw_row(int y, const struct lr_top_row *row, bool selected)
{
    char figures[LR_TOP_LINE], place[LR_TOP_LINE];
    int attributes = (selected ? A_REVERSE : 0) | (row->leak ? COLOR_PAIR(BAD) | A_BOLD : 0);
    int x = (int)strlen(lr_top_figures(figures, row));

    attron(attributes);
    mvhline(y, 0, ' ', COLS);
    put(y, 0, figures);
    put(y, x, lr_top_place(place, row, COLS > x ? (unsigned)(COLS - x) : 1));
    attroff(attributes);
}

/* How many lines there are between line `y` and the foot. */
static size_t room_below(int y)
{
    return LINES > y + 1 ? (size_t)(LINES - y - 1) : 1;
}

static void draw_table(int y, struct lr_top_view *view, const struct lr_top_rows *rows)
{
    size_t room = room_below(y + 1);
    char line[LR_TOP_LINE];

    attron(A_UNDERLINE);
    put(y, 0, lr_top_heading(line, &view->choice));
    attroff(A_UNDERLINE);
    if (view->selected >= rows->count)
        view->selected = rows->count ? rows->count - 1 : 0;
    if (view->selected < view->first)
        view->first = view->selected;
    if (view->selected >= view->first + room)
        view->first = view->selected - room + 1;
    for (size_t i = 0; i < room && view->first + i < rows->count; i++)
        draw_row(y + 1 + (int)i, &rows->items[view->first + i],
                 view->first + i == view->selected);
    if (rows->count == 0)
        put(y + 1, 2, *view->filter ? "nothing matches" : "nothing is live");
}

static void draw_frame(int y, const struct lr_model_path *path, size_t i)
{
    char line[LR_TOP_LINE], frame[LR_TOP_LINE - 32];
    bool culprit = i == path->culprit;

    snprintf(line, sizeof(line), "%s#%-3zu %s", culprit ? "->" : "  ", i,
             lr_frame_shorten(frame, sizeof(frame), &path->frames[i],
                              COLS > 20 ? (unsigned)COLS - 9 : 11));
    if (culprit)
        attron(A_BOLD);
    put(y, 2, line);
    if (culprit)
        attroff(A_BOLD);
}

/* A stack that is longer than the screen moves. */
static void draw_detail(int y, struct lr_top_view *view, const struct lr_top_row *row)
{
    size_t room = room_below(y + 1), count = row->path->count;

    draw_row(y, row, false);
    if (view->frame + room > count)
        view->frame = count > room ? count - room : 0;
    for (size_t i = view->frame; i < count && i < view->frame + room; i++)
        draw_frame(y + 1 + (int)(i - view->frame), row->path, i);
}

static void draw_foot(const struct lr_top_view *view, const struct lr_top_rows *rows)
{
    char line[LR_TOP_LINE];

    snprintf(line, sizeof(line), " %zu places, %s%s%s%s%s  |  ? help  q leave ", rows->count,
             lr_top_show_name(view->choice.show), *view->filter ? ", with \"" : "", view->filter,
             *view->filter ? "\"" : "", view->paused ? ", held" : "");
    attron(A_REVERSE);
    mvhline(LINES - 1, 0, ' ', COLS);
    put(LINES - 1, 0, line);
    attroff(A_REVERSE);
}

void lr_top_screen_draw(struct lr_top_view *view, const struct lr_model *model,
                        const struct lr_top_rows *rows)
{
    int y;

    erase();
    y = draw_head(view, model);
    if (view->help)
        for (size_t i = 0; i < sizeof(help) / sizeof(help[0]) && i < room_below(y + 1); i++)
            put(y + 1 + (int)i, 2, help[i]);
    else if (view->detail && view->selected < rows->count)
        draw_detail(y, view, &rows->items[view->selected]);
    else
        draw_table(y, view, rows);
    draw_foot(view, rows);
    refresh();
}

/* A line of input at the foot; Esc leaves it as it was. */
static void ask_filter(struct lr_top_view *view)
{
    char typed[sizeof(view->filter)] = "";
    size_t length = 0;
    int key;

    timeout(-1);
    for (;;) {
        mvhline(LINES - 1, 0, ' ', COLS);
        put(LINES - 1, 0, "only places with: ");
        put(LINES - 1, 18, typed);
        refresh();
        key = getch();
        if (key == '\n' || key == KEY_ENTER || key == ERR)
            break;
        if (key == 27)
            return;
        if ((key == KEY_BACKSPACE || key == 127 || key == 8) && length > 0)
            typed[--length] = '\0';
        else if (key >= 32 && key < 256 && length + 1 < sizeof(typed))
            typed[length++] = (char)key, typed[length] = '\0';
    }
    memcpy(view->filter, typed, sizeof(typed));
}

static enum lr_top_event sort_by(struct lr_top_view *view, enum lr_top_key key)
{
    view->choice.key = key;
    view->selected = view->first = 0;
    return LR_TOP_RESORT;
}

static enum lr_top_event go(struct lr_top_view *view, const struct lr_top_rows *rows, long by)
{
    long most = rows->count ? (long)rows->count - 1 : 0;
    long to = (long)(view->detail ? view->frame : view->selected) + by;

    if (view->detail) { /* its end is found when it is drawn */
        view->frame = to > 0 ? (size_t)to : 0;
        return LR_TOP_REDRAW;
    }
    view->selected = (size_t)(to < 0 ? 0 : to > most ? most : to);
    return LR_TOP_REDRAW;
}

enum lr_top_event lr_top_screen_wait(struct lr_top_view *view, const struct lr_top_rows *rows,
                                     int milliseconds)
{
    timeout(milliseconds);
    switch (getch()) {
    case ERR:
        return LR_TOP_NOTHING;
    case 'q':
        return LR_TOP_QUIT;
    case '?':
        view->help = !view->help;
        return LR_TOP_REDRAW;
    case '\n':
    case KEY_ENTER:
        view->detail = true;
        view->frame = 0;
        return LR_TOP_REDRAW;
    case 27:
        view->detail = view->help = false;
        return LR_TOP_REDRAW;
    case ' ':
        view->paused = !view->paused;
        return LR_TOP_REDRAW;
    case '/':
        ask_filter(view);
        view->selected = view->first = 0;
        return LR_TOP_RESORT;
    case 'm':
        view->choice.show = (view->choice.show + 1) % LR_TOP_SHOWS;
        return sort_by(view, view->choice.key);
    case 'g':
        return sort_by(view, LR_TOP_CHANGE);
    case 'b':
    case 't': /* total */
        return sort_by(view, LR_TOP_BYTES);
    case 'c':
    case 'a': /* allocations */
        return sort_by(view, LR_TOP_COUNT);
    case '>':
        return sort_by(view, (view->choice.key + 1) % LR_TOP_KEYS);
    case '<':
        return sort_by(view, (view->choice.key + LR_TOP_KEYS - 1) % LR_TOP_KEYS);
    case KEY_UP:
    case 'k':
        return go(view, rows, -1);
    case KEY_DOWN:
    case 'j':
        return go(view, rows, 1);
    case KEY_PPAGE:
        return go(view, rows, -(long)LINES / 2);
    case KEY_NPAGE:
        return go(view, rows, LINES / 2);
    default:
        return LR_TOP_REDRAW;
    }
}
