/* trend_fit.c -- which simple shape explains the blocks best (trend_internal.h).
 *
 * Stage: JUDGE.  Context: analyzer only.
 *
 * Bounded shapes: constant; one or two steps; a saturating warm-up 1 - exp(-t/T), alone, with a
 * step, or two of them; one with a long tail, t/(T+t).  Growing ones: a line, alone, behind a step,
 * behind a warm-up.  All are fitted by least squares after the same prewhitening (Prais-Winsten),
 * so that their Bayesian information criteria can be compared.  Warm-ups are looked for with time
 * constants up to a third of the recording; slower ones, and lines that stop, are compared with the
 * growing shapes only: whether they are bounded, the recording can't know.  A line that begins late
 * is compared with all of them: it grows, but what it is behind its bend is for another look.
 */
#include <math.h>
#include <string.h>

#include "trend_internal.h"

enum {
    MAX_TERMS = 4,
    WARM_UPS = 12,
    RAMP_FLAT = 3,    /* blocks that a line has stopped for at least, to be a plateau */
    BEND_RISES = 2,   /* blocks behind the bend of a line that begins late, at least */
    LAST_STEP = 4,    /* no line begins behind a step in the last quarter: that is a bend */
};
/* Of the least squares that tell shapes apart, for where a line bends: there shapes are alike. */
static const double BEND_FLOOR = 1e-4;
static const double LONG_STOPPED = 0.85, STOPPED = 0.97; /* of the recording: before that */
static const double FIRST_SLOW = 0.36, SLOW_RATIO = 1.19, LAST_SLOW = 2.1;
static const double FIRST_WARM_UP = 1.0 / 64, WARM_UP_RATIO = 1.32; /* of their time constants */

/* Columns of a linear model over the blocks. */
struct design {
    size_t terms;
    double columns[MAX_TERMS][LR_TREND_BLOCKS];
};

struct fit {
    double squares; /* sum of squared residuals, prewhitened */
    double coefficients[MAX_TERMS];
    double last_error; /* standard error of the last coefficient */
};

static void whiten(const double *from, double *to, size_t count, double r)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): filled up to count */
    to[0] = from[0] * sqrt(1 - r * r);
    for (size_t i = 1; i < count; i++)
        to[i] = from[i] - r * from[i - 1];
}

static double product(const double *a, const double *b, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): filled up to count */
        sum += a[i] * b[i];
    return sum;
}

/* Cholesky; false when the columns depend on each other. */
static bool decompose(double matrix[MAX_TERMS][MAX_TERMS], size_t terms)
{
    for (size_t i = 0; i < terms; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = matrix[i][j];

            for (size_t k = 0; k < j; k++)
                sum -= matrix[i][k] * matrix[j][k];
            if (i != j)
                matrix[i][j] = sum / matrix[j][j];
            else if (sum <= 1e-9 * matrix[i][i])
                return false;
            else
                matrix[i][i] = sqrt(sum);
        }
    return true;
}

static void substitute(double matrix[MAX_TERMS][MAX_TERMS], size_t terms, double *right)
{
    for (size_t i = 0; i < terms; i++) {
        for (size_t k = 0; k < i; k++)
            right[i] -= matrix[i][k] * right[k];
        right[i] /= matrix[i][i];
    }
    for (size_t i = terms; i-- > 0;) {
        for (size_t k = i + 1; k < terms; k++)
            right[i] -= matrix[k][i] * right[k];
        right[i] /= matrix[i][i];
    }
}

static bool fit_design(const struct lr_blocks *blocks, const struct design *design, double r,
                       struct fit *fit)
{
    double columns[MAX_TERMS][LR_TREND_BLOCKS], value[LR_TREND_BLOCKS];
    double matrix[MAX_TERMS][MAX_TERMS] = {{0}};
    size_t count = blocks->count, terms = design->terms;

    whiten(blocks->value, value, count, r);
    for (size_t i = 0; i < terms; i++)
        whiten(design->columns[i], columns[i], count, r);
    for (size_t i = 0; i < terms; i++) {
        fit->coefficients[i] = product(columns[i], value, count);
        for (size_t j = 0; j <= i; j++)
            matrix[i][j] = product(columns[i], columns[j], count);
    }
    if (!decompose(matrix, terms))
        return false;
    substitute(matrix, terms, fit->coefficients);
    fit->squares = 0;
    for (size_t i = 0; i < count; i++) {
        double residual = value[i];

        for (size_t k = 0; k < terms; k++)
            residual -= fit->coefficients[k] * columns[k][i];
        fit->squares += residual * residual;
    }
    double freedom = (double)count - (double)terms;
    double last = matrix[terms - 1][terms - 1];
    fit->last_error = freedom > 0 ? sqrt(fit->squares / freedom) / last : INFINITY;
    return true;
}

/* A shape's columns; `a` and `b` are where its steps are, or how long its warm-up takes. */
enum shape {
    CONSTANT,
    STEP,
    TWO_STEPS,
    WARM_UP,
    LONG_TAIL,
    TWO_WARM_UPS,
    WARM_UP_STEP,
    RAMP,
    SLOW_FILL,
    LAST_RAMP, /* that stopped too short a while ago to be a plateau */
    LATE_LINE, /* flat, then a line */
    LATE_RAMP, /* that has stopped, too */
    LINE,
    STEP_LINE,
    WARM_UP_LINE
};

static void add_column(struct design *design, const struct lr_blocks *blocks,
                       double (*value)(const struct lr_blocks *blocks, size_t i, double a),
                       double a)
{
    double *column = design->columns[design->terms++];

    for (size_t i = 0; i < blocks->count; i++)
        column[i] = value(blocks, i, a);
}

static double one(const struct lr_blocks *blocks, size_t i, double unused)
{
    return 1;
}

static double step(const struct lr_blocks *blocks, size_t i, double at)
{
    return (double)i >= at;
}

/* Shares of the recording's length, so that columns are of like size. */
static double line(const struct lr_blocks *blocks, size_t i, double unused)
{
    return (blocks->time_s[i] - blocks->time_s[0]) /
           (blocks->time_s[blocks->count - 1] - blocks->time_s[0]);
}

static double warm_up(const struct lr_blocks *blocks, size_t i, double share)
{
    return exp(-line(blocks, i, 0) / share);
}

static double long_tail(const struct lr_blocks *blocks, size_t i, double share)
{
    return share / (share + line(blocks, i, 0));
}

/* Up to `until`, and no further. */
static double ramp(const struct lr_blocks *blocks, size_t i, double until)
{
    return fmin(line(blocks, i, 0), until);
}

static double late_line(const struct lr_blocks *blocks, size_t i, double from)
{
    return fmax(line(blocks, i, 0) - from, 0);
}

static void add_late_ramp(struct design *design, const struct lr_blocks *blocks, double from,
                          double until)
{
    double *column = design->columns[design->terms];

    add_column(design, blocks, late_line, from);
    for (size_t i = 0; i < blocks->count; i++)
        column[i] = fmin(column[i], until - from);
}

static void make_design(struct design *design, const struct lr_blocks *blocks, enum shape shape,
                        double a, double b)
{
    design->terms = 0;
    add_column(design, blocks, one, 0);
    if (shape == STEP || shape == TWO_STEPS || shape == STEP_LINE)
        add_column(design, blocks, step, a);
    if (shape == TWO_STEPS || shape == WARM_UP_STEP)
        add_column(design, blocks, step, b);
    if (shape == LONG_TAIL)
        add_column(design, blocks, long_tail, a);
    if (shape == WARM_UP || shape == TWO_WARM_UPS || shape == WARM_UP_STEP ||
        shape == WARM_UP_LINE || shape == SLOW_FILL)
        add_column(design, blocks, warm_up, a);
    if (shape == TWO_WARM_UPS)
        add_column(design, blocks, warm_up, b);
    if (shape == RAMP || shape == LAST_RAMP)
        add_column(design, blocks, ramp, a);
    if (shape == LATE_LINE)
        add_column(design, blocks, late_line, a);
    if (shape == LATE_RAMP)
        add_late_ramp(design, blocks, a, b);
    if (shape == LINE || shape == STEP_LINE || shape == WARM_UP_LINE)
        add_column(design, blocks, line, 0);
}

static bool grows(enum shape shape)
{
    return shape == LINE || shape == STEP_LINE || shape == WARM_UP_LINE;
}

/* Levels, heights and slopes, and the places that were chosen. */
static double parameters(enum shape shape)
{
    static const double counts[] = {
        [CONSTANT] = 1,     [STEP] = 3,      [TWO_STEPS] = 5,    [WARM_UP] = 3, [LONG_TAIL] = 3,
        [TWO_WARM_UPS] = 5, [STEP_LINE] = 4, [WARM_UP_STEP] = 5, [LINE] = 2,    [WARM_UP_LINE] = 4,
        [RAMP] = 3,         [LAST_RAMP] = 3,    [SLOW_FILL] = 3,    [LATE_LINE] = 3,
        [LATE_RAMP] = 4};
    return counts[shape];
}

struct search {
    const struct lr_blocks *blocks;
    double r, floor; /* of the squares: below it all fits are equally good */
    struct lr_shapes *shapes;
    double warm, warm_share; /* squares and time constant of the best pure warm-up, */
    double rise, rise_share; /* and of the best one with a line behind it */
    double growing; /* squares of the best growing shape, */
    enum shape growing_shape; /* which that is, and its place or time constant */
    double growing_a;
    double least; /* squares of the best of all, whatever its parameters */
    enum shape shape;
    double a, b;
};

/* Bayes' information criterion. */
static double criterion(const struct search *search, double squares, enum shape shape,
                        double floor)
{
    double n = (double)search->blocks->count;

    return n * log(fmax(squares, floor) / n) + parameters(shape) * log(n);
}

/* Shapes that may be bounded; nobody knows. */
static bool is_open(enum shape shape)
{
    return shape == RAMP || shape == LAST_RAMP || shape == SLOW_FILL;
}

static void note_open(struct lr_shapes *shapes, enum shape shape, double a, double fine)
{
    double *best = shape == RAMP        ? &shapes->ramp
                   : shape == LAST_RAMP ? &shapes->last_ramp
                                        : &shapes->slow_fill;

    *best = fmin(*best, fine);
    if (shape != SLOW_FILL && a <= STOPPED)
        shapes->any_ramp = fmin(shapes->any_ramp, fine);
    if (shape != SLOW_FILL && a <= LONG_STOPPED)
        shapes->long_ramp = fmin(shapes->long_ramp, fine);
}

/* Rising ones only. */
static void note_late(struct search *search, enum shape shape, double a, const struct fit *fit)
{
    struct lr_shapes *shapes = search->shapes;
    const struct lr_blocks *blocks = search->blocks;
    double bic = criterion(search, fit->squares, shape, search->floor);
    double fine = criterion(search, fit->squares, shape, BEND_FLOOR * search->floor);

    if (fit->coefficients[1] <= 0)
        return;
    if (shape == LATE_RAMP) {
        shapes->late_ramp = fmin(shapes->late_ramp, fine);
    } else if (fine < shapes->late_unbent) {
        shapes->late = bic;
        shapes->late_unbent = fine;
        shapes->late_errors = fit->coefficients[1] / fit->last_error;
        shapes->late_s = a * (blocks->time_s[blocks->count - 1] - blocks->time_s[0]);
    }
}

static void try_shape(struct search *search, enum shape shape, double a, double b)
{
    struct design design;
    struct fit fit;

    make_design(&design, search->blocks, shape, a, b);
    if (!fit_design(search->blocks, &design, search->r, &fit))
        return;
    if (shape == WARM_UP && fit.squares < search->warm) {
        search->warm = fit.squares;
        search->warm_share = a;
    }
    if (shape == WARM_UP_LINE && fit.squares < search->rise) {
        search->rise = fit.squares;
        search->rise_share = a;
    }
    if (fit.squares < search->least) {
        search->least = fit.squares;
        search->shape = shape;
        search->a = a;
        search->b = b;
    }
    double bic = criterion(search, fit.squares, shape, search->floor);
    struct lr_shapes *shapes = search->shapes;
    double fine = criterion(search, fit.squares, shape, BEND_FLOOR * search->floor);
    if (shape == LATE_LINE || shape == LATE_RAMP) {
        note_late(search, shape, a, &fit);
        return;
    }
    if (is_open(shape)) {
        note_open(shapes, shape, a, fine);
        return;
    }
    if (!grows(shape)) {
        shapes->bounded = fmin(shapes->bounded, bic);
        return;
    }
    shapes->unbent = fmin(shapes->unbent, fine);
    if (bic > shapes->growing || (bic >= shapes->growing && fit.squares >= search->growing))
        return;
    /* Real warm-ups aren't quite exponential; what is left of a large one is no line. */
    if (shape == WARM_UP_LINE && fit.coefficients[2] < 0.1 * fabs(fit.coefficients[1]))
        return;
    double length = search->blocks->time_s[search->blocks->count - 1] - search->blocks->time_s[0];
    search->growing = fit.squares;
    search->growing_shape = shape;
    search->growing_a = a;
    shapes->growing = bic;
    shapes->slope = fit.coefficients[design.terms - 1] / length;
    shapes->slope_error = fit.last_error / length;
    shapes->warm_height = shape == WARM_UP_LINE ? fit.coefficients[1] : 0;
    shapes->warm_share = shape == WARM_UP_LINE ? a : 1;
    shapes->warm_s = shape == LINE           ? 0
                     : shape == WARM_UP_LINE ? 3 * a * length
                                             : search->blocks->time_s[(size_t)a] -
                                                   search->blocks->time_s[0];
}

/* Between the time constants that were tried: what a wrong one leaves looks like a line. */
static void refine_warm_up(struct search *search)
{
    for (double ratio = sqrt(WARM_UP_RATIO); ratio > 1.0005; ratio = sqrt(ratio)) {
        double share = search->warm_share;

        try_shape(search, WARM_UP, share * ratio, 0);
        try_shape(search, WARM_UP, share / ratio, 0);
        try_shape(search, WARM_UP_LINE, share * ratio, 0);
        try_shape(search, WARM_UP_LINE, share / ratio, 0);
        share = search->rise_share;
        try_shape(search, WARM_UP_LINE, share * ratio, 0);
        try_shape(search, WARM_UP_LINE, share / ratio, 0);
    }
}

static void try_late(struct search *search)
{
    const struct lr_blocks *blocks = search->blocks;

    for (size_t a = 1; a + BEND_RISES < blocks->count; a++) {
        double from = line(blocks, a, 0);

        try_shape(search, LATE_LINE, from, 0);
        try_shape(search, LATE_LINE, (from + line(blocks, a + 1, 0)) / 2, 0);
    }
    for (size_t a = 1; a < blocks->count; a += 2)
        for (size_t b = a + 1; b + RAMP_FLAT <= blocks->count; b += 2)
            try_shape(search, LATE_RAMP, line(blocks, a, 0), line(blocks, b, 0));
}

static void try_all(struct search *search)
{
    size_t count = search->blocks->count;

    search->shapes->growing = search->shapes->unbent = search->shapes->bounded = INFINITY;
    search->shapes->ramp = search->shapes->long_ramp = search->shapes->last_ramp = INFINITY;
    search->shapes->any_ramp = search->shapes->slow_fill = INFINITY;
    search->shapes->late = search->shapes->late_unbent = search->shapes->late_ramp = INFINITY;
    search->warm = search->rise = search->growing = search->least = INFINITY;
    search->warm_share = search->rise_share = FIRST_WARM_UP;
    try_shape(search, CONSTANT, 0, 0);
    try_shape(search, LINE, 0, 0);
    for (size_t a = 1; a < count; a++) {
        try_shape(search, STEP, (double)a, 0);
        if (a + count / LAST_STEP <= count)
            try_shape(search, STEP_LINE, (double)a, 0);
        for (size_t b = a + 2; a % 2 && b < count; b += 2)
            try_shape(search, TWO_STEPS, (double)a, (double)b);
    }
    for (size_t a = count / 2; a + RAMP_FLAT <= count; a++)
        try_shape(search, RAMP, line(search->blocks, a - 1, 0), 0);
    for (int halves = 1; halves <= 2 * RAMP_FLAT; halves++)
        try_shape(search, LAST_RAMP, 1 - halves / 2.0 / (double)count, 0);
    for (double slow = FIRST_SLOW; slow < LAST_SLOW; slow *= SLOW_RATIO)
        try_shape(search, SLOW_FILL, slow, 0);
    double share = FIRST_WARM_UP;
    for (int i = 0; i < WARM_UPS; i++, share *= WARM_UP_RATIO) {
        try_shape(search, WARM_UP, share, 0);
        try_shape(search, WARM_UP_LINE, share, 0);
        try_shape(search, LONG_TAIL, share / 2, 0);
        for (double longer = share * 3; longer < 0.6; longer *= 1.5)
            try_shape(search, TWO_WARM_UPS, share, longer);
        for (size_t b = 1; b < count; b += 2)
            try_shape(search, WARM_UP_STEP, share, (double)b);
    }
    refine_warm_up(search);
    try_late(search);
}

/* Of what the best shape leaves, as it is and with what it takes away for being fitted. */
static double autocorrelation_of(const struct search *search)
{
    struct design design;
    struct fit fit;
    double residuals[LR_TREND_BLOCKS], n = (double)search->blocks->count;

    make_design(&design, search->blocks, search->shape, search->a, search->b);
    if (!fit_design(search->blocks, &design, search->r, &fit))
        return 0;
    for (size_t i = 0; i < search->blocks->count; i++) {
        residuals[i] = search->blocks->value[i];
        for (size_t k = 0; k < design.terms; k++)
            residuals[i] -= fit.coefficients[k] * design.columns[k][i];
    }
    double own = product(residuals, residuals, search->blocks->count);
    if (own <= search->floor)
        return 0;
    double r = product(residuals, residuals + 1, search->blocks->count - 1) / own;
    r = fmin(fmax(r + (parameters(search->shape) + 4 * fmax(r, 0)) / n, 0), 1);
    return r + 0.7 * sqrt((1 - r * r) / n); /* rather too much than too little */
}

/* How a warm-up changes with its time constant. */
static double warm_up_change(const struct lr_blocks *blocks, size_t i, double share)
{
    return line(blocks, i, 0) / share * warm_up(blocks, i, share);
}

/* The error of a slope behind a warm-up is larger than the fit says, which takes the time constant
 * as given: a longer one would leave less for the line. */
static void widen_slope_error(const struct search *search)
{
    const struct lr_blocks *blocks = search->blocks;
    struct design design = {.terms = 0};
    struct fit fit;

    if (search->growing_shape != WARM_UP_LINE || isinf(search->shapes->growing))
        return;
    add_column(&design, blocks, one, 0);
    add_column(&design, blocks, warm_up, search->growing_a);
    add_column(&design, blocks, warm_up_change, search->growing_a);
    add_column(&design, blocks, line, 0);
    if (fit_design(blocks, &design, search->r, &fit))
        search->shapes->slope_error =
            fit.last_error / (blocks->time_s[blocks->count - 1] - blocks->time_s[0]);
}

void lr_shapes_fit(const struct lr_blocks *blocks, struct lr_shapes *shapes)
{
    struct search search = {.blocks = blocks, .shapes = shapes};
    double largest = 0;

    for (size_t i = 0; i < blocks->count; i++)
        largest = fmax(largest, fabs(blocks->value[i]));
    search.floor = fmax(largest * largest * 1e-6, 1e-9) * (double)blocks->count;
    memset(shapes, 0, sizeof(*shapes));
    shapes->blocks = blocks->count;
    try_all(&search);
    shapes->autocorrelation = fmin(fmax(autocorrelation_of(&search), 0), 0.9);
    search.r = shapes->autocorrelation;
    try_all(&search);
    widen_slope_error(&search);
}
