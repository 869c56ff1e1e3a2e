/* model_projection.c -- when what leaks meets a limit.
 *
 * Stage: JUDGE -> MODEL.  Context: analyzer only.
 *
 * Only what the verdict calls a leak is projected: resident memory may grow because a heap fills up
 * to -Xmx or the kernel caches files, and neither goes on.  Mappings that leak fill the address
 * space only.  The room that is left is not known exactly either: of what a cgroup is charged with,
 * the kernel can drop the cached files, and what the machine hasn't in memory may go to swap.  So
 * its interval is that of the rate and that of the room together.
 */
#include <math.h>

#include "model_build.h"

struct room {
    const char *limit;
    uint64_t bytes;     /* of the limit itself */
    double least, most; /* that are left */
    bool addresses;     /* of address space, not of memory */
};

static uint64_t last_known(const struct lr_model_series *series, const char *name)
{
    const struct lr_model_column *column = lr_model_column(series, name);
    size_t i = column ? lr_model_last_known(series, column) : series->points;

    return i < series->points ? column->values[i] : LR_MODEL_UNKNOWN;
}

/* What `used` leaves of `most`; none when either isn't known. */
static bool leaves(uint64_t most, uint64_t used, double *room)
{
    if (most == LR_MODEL_UNKNOWN || used == LR_MODEL_UNKNOWN)
        return false;
    *room = most > used ? (double)(most - used) : 0;
    return true;
}

static bool room_of_cgroup(const struct lr_model_series *series, struct room *room)
{
    uint64_t limit = last_known(series, "cgroup_limit"), rss = last_known(series, "rss");
    uint64_t shared = last_known(series, "rss_shared"), least = last_known(series, "cgroup_room");

    *room = (struct room){.limit = "memory cgroup", .bytes = limit};
    if (!leaves(limit, last_known(series, "cgroup_used"), &room->least))
        return false;
    if (least != LR_MODEL_UNKNOWN) /* of a group above, maybe */
        room->least = fmin(room->least, (double)least);
    room->most = room->least;
    if (rss != LR_MODEL_UNKNOWN && shared != LR_MODEL_UNKNOWN && rss >= shared) {
        double alone = 0;

        leaves(limit, rss - shared, &alone);
        room->most = fmax(alone, room->least);
    }
    return true;
}

static bool room_of_machine(const struct lr_model_series *series, struct room *room)
{
    uint64_t available = last_known(series, "host_available");
    uint64_t swap = last_known(series, "host_swap_free");

    *room = (struct room){.limit = "machine's memory",
                          .bytes = last_known(series, "host_total"),
                          .least = (double)available,
                          .most = (double)available};
    if (swap != LR_MODEL_UNKNOWN)
        room->most += (double)swap;
    return available != LR_MODEL_UNKNOWN;
}

static bool room_of_addresses(const struct lr_model_series *series, struct room *room)
{
    uint64_t limit = last_known(series, "address_limit");

    *room = (struct room){.limit = "address space (RLIMIT_AS)", .bytes = limit, .addresses = true};
    if (!leaves(limit, last_known(series, "virtual_size"), &room->least))
        return false;
    room->most = room->least;
    return true;
}

static void project(struct lr_model *model, const struct room *room,
                    const struct lr_estimate *rate)
{
    struct lr_model_projection *projection = &model->projection;
    double hours = (room->least + room->most) / 2 / rate->value;

    if (projection->limit && projection->hours <= hours)
        return;
    *projection = (struct lr_model_projection){
        .limit = room->limit,
        .limit_bytes = room->bytes,
        .past = model->run.ended != LR_RUN_RUNNING,
        .hours = hours,
        .low = room->least / rate->high,
        .high = room->most / rate->low,
        .rate = rate->value,
        .far = hours > LR_PROJECTION_DAYS * 24.0,
    };
}

enum lr_status lr_build_projection(struct lr_build *build, struct lr_error *error)
{
    static bool (*const rooms[])(const struct lr_model_series *, struct room *) = {
        room_of_cgroup, room_of_machine, room_of_addresses};
    struct lr_model *model = build->model;
    struct room room;

    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        const struct lr_estimate *rate;

        if (!rooms[i](&model->series, &room))
            continue;
        rate = room.addresses ? &model->verdict.address_rate : &model->verdict.rate;
        if (rate->low > 0)
            project(model, &room, rate);
    }
    return LR_OK;
}
