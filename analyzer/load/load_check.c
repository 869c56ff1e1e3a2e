/* load_check.c -- is this header believable?
 *
 * Stage: LOAD.  Context: analyzer only.  A file is refused here, with one line that says why,
 * before any offset in it is used.  What is wrong further in is load_audit.c's.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "load_internal.h"

/* Points grow with the list of figures: any number of them may be there. */
enum {
    MIN_POINT = offsetof(struct lr_point, values),
    FOLLOWED_POINT = sizeof(struct lr_followed_point)
};

static const struct lr_section_type types[LR_SECTION_IDS] = {
    [LR_SEC_COUNTERS] = {"counters", sizeof(uint64_t), LR_FORM_APPEND, false},
    [LR_SEC_META] = {"meta", sizeof(struct lr_meta), LR_FORM_APPEND, false},
    [LR_SEC_STRINGS] = {"strings", 1, LR_FORM_APPEND, false},
    [LR_SEC_MODULES] = {"modules", sizeof(struct lr_module), LR_FORM_APPEND, false},
    [LR_SEC_METHODS] = {"methods", sizeof(struct lr_method), LR_FORM_APPEND, false},
    [LR_SEC_JFRAMES] = {"jframes", sizeof(struct lr_jframe), LR_FORM_APPEND, false},
    [LR_SEC_STACKS] = {"stacks", sizeof(struct lr_stack), LR_FORM_APPEND, false},
    [LR_SEC_NODES] = {"nodes", sizeof(struct lr_node), LR_FORM_APPEND, false},
    [LR_SEC_LIVE] = {"live", sizeof(struct lr_live), LR_FORM_TABLE, false},
    [LR_SEC_REGIONS] = {"regions", sizeof(struct lr_region), LR_FORM_TABLE, false},
    [LR_SEC_PAIRDEFS] = {"pairdefs", sizeof(struct lr_pairdef), LR_FORM_APPEND, false},
    [LR_SEC_PAIRS] = {"pairs", sizeof(struct lr_pair), LR_FORM_TABLE, false},
    [LR_SEC_PAIRSITES] = {"pairsites", sizeof(struct lr_pairsite), LR_FORM_APPEND, false},
    [LR_SEC_EVENTS] = {"events", sizeof(struct lr_event), LR_FORM_RING, false},
    [LR_SEC_INTERVALS] = {"intervals", sizeof(struct lr_interval), LR_FORM_APPEND, true},
    [LR_SEC_THREADS] = {"threads", sizeof(struct lr_thread_name), LR_FORM_APPEND, true},
    [LR_SEC_AREAS] = {"areas", sizeof(struct lr_area), LR_FORM_RING, true},
    [LR_SEC_CONTROL] = {"control", sizeof(struct lr_control), LR_FORM_RING, true},
    [LR_SEC_COLLECTIONS] = {"collections", sizeof(struct lr_collection), LR_FORM_RING, true},
    [LR_SEC_MARKS] = {"marks", sizeof(struct lr_mark_entry), LR_FORM_APPEND, true},
    [LR_SEC_REQUEST] = {"request", sizeof(struct lr_request), LR_FORM_RING, true},
    [LR_SEC_SERIES_1S] = {"series_1s", MIN_POINT, LR_FORM_RING, true},
    [LR_SEC_SERIES_1M] = {"series_1m", MIN_POINT, LR_FORM_RING, true},
    [LR_SEC_SERIES_30M] = {"series_30m", MIN_POINT, LR_FORM_RING, true},
    [LR_SEC_FOLLOWED] = {"followed", sizeof(struct lr_followed), LR_FORM_TABLE, true},
    [LR_SEC_FOLLOWED_10S] = {"followed_10s", FOLLOWED_POINT, LR_FORM_RING, true},
    [LR_SEC_FOLLOWED_1M] = {"followed_1m", FOLLOWED_POINT, LR_FORM_RING, true},
    [LR_SEC_FOLLOWED_30M] = {"followed_30m", FOLLOWED_POINT, LR_FORM_RING, true},
};

const struct lr_section_type *lr_section_type(uint32_t id)
{
    return id < LR_SECTION_IDS && types[id].name != NULL ? &types[id] : NULL;
}

const char *lr_section_name(uint32_t id)
{
    const struct lr_section_type *type = lr_section_type(id);
    return type != NULL ? type->name : "unknown";
}

static uint32_t fnv1a(uint32_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT32_C(16777619);
    return hash;
}

static uint32_t header_checksum(const struct lr_header *header)
{
    uint32_t hash = fnv1a(UINT32_C(2166136261), header, offsetof(struct lr_header, checksum));
    for (uint32_t i = 0; i < header->section_count; i++)
        hash = fnv1a(hash, &header->sections[i], offsetof(struct lr_section, used));
    return hash;
}

/* Is it a trace at all? */
static enum lr_status check_identity(const struct lr_header *header, uint64_t actual,
                                     struct lr_error *error)
{
    static const char never[sizeof(header->magic)];
    if (actual == 0) {
        lr_fail(error, LR_TRUNCATED, "is empty: the traced process never began to write it");
        lr_hint(error, "leakring doctor tells why a trace could not be made");
        return LR_TRUNCATED;
    }
    if (actual >= sizeof(*header) && memcmp(header->magic, never, sizeof(never)) == 0)
        return lr_fail(error, LR_UNREADABLE,
                       "is not a leakring trace, or one that was never begun: it starts with "
                       "zeros");
    if (memcmp(header->magic, LR_MAGIC, sizeof(header->magic)) != 0) {
        lr_fail(error, LR_UNREADABLE, "is not a leakring trace");
        lr_hint(error, "traces are written by programs run under libleakring.so, usually as "
                       "leakring.PROGRAM.PID.lkr");
        return LR_UNREADABLE;
    }
    return LR_OK;
}

/* Can this reader read it? */
static enum lr_status check_version(const struct lr_header *header, uint64_t actual,
                                    struct lr_error *error)
{
    if (actual < offsetof(struct lr_header, compat))
        return lr_fail(error, LR_TRUNCATED,
                       "is truncated: %" PRIu64 " bytes are less than a header", actual);
    if (header->endian == __builtin_bswap32(LR_ENDIAN_MARK)) {
        lr_fail(error, LR_UNREADABLE, "was written on a machine of the other byte order");
        lr_hint(error, "read it on a machine like the one that wrote it");
        return LR_UNREADABLE;
    }
    if (header->endian != LR_ENDIAN_MARK)
        return lr_fail(error, LR_UNREADABLE, "has a damaged header (byte order mark 0x%08x)",
                       header->endian);
    if (header->version > LR_FORMAT_VERSION) {
        lr_fail(error, LR_UNREADABLE,
                "written by a newer leakring (format %u); this one reads up to %u", header->version,
                LR_FORMAT_VERSION);
        lr_hint(error, "use the leakring that came with the libleakring.so that wrote it");
        return LR_UNREADABLE;
    }
    if (header->version == 0)
        return lr_fail(error, LR_UNREADABLE, "has a damaged header (format 0)");
    if ((header->incompat & ~LR_INCOMPAT_KNOWN) != 0) {
        lr_fail(error, LR_UNREADABLE, "uses features that this leakring doesn't know (0x%x)",
                header->incompat & ~LR_INCOMPAT_KNOWN);
        lr_hint(error, "use the leakring that came with the libleakring.so that wrote it");
        return LR_UNREADABLE;
    }
    if (actual < header->file_size || actual < sizeof(*header)) {
        lr_fail(error, LR_TRUNCATED, "is truncated: %" PRIu64 " of %" PRIu64 " bytes are there",
                actual, header->file_size);
        lr_hint(error, "copy it again, in binary and whole; a full disk also cuts copies short");
        return LR_TRUNCATED;
    }
    return LR_OK;
}

static enum lr_status check_section(const struct lr_section *section, uint64_t file_size,
                                    uint32_t number, struct lr_error *error)
{
    const struct lr_section_type *type = lr_section_type(section->id);
    uint64_t size, end;
    bool bad = section->entry_size == 0 || section->offset < LR_PAGE ||
               section->offset % LR_PAGE != 0 ||
               __builtin_mul_overflow(section->capacity, section->entry_size, &size) ||
               __builtin_add_overflow(section->offset, size, &end) || end > file_size;
    if (bad)
        return lr_fail(error, LR_UNREADABLE,
                       "has a damaged directory: section %u (%s) lies outside the file", number,
                       lr_section_name(section->id));
    /* Entries may have grown at their end, so far that they still fit a page. */
    if (type != NULL && (section->entry_size < type->entry_size || section->entry_size > LR_PAGE ||
                         (type->entry_size == 1 && section->entry_size != 1)))
        return lr_fail(error, LR_UNREADABLE,
                       "has a damaged directory: section %u (%s) has entries of %u bytes", number,
                       type->name, section->entry_size);
    return LR_OK;
}

static bool sections_overlap(const struct lr_section *a, const struct lr_section *b)
{
    uint64_t a_end = a->offset + a->capacity * a->entry_size;
    uint64_t b_end = b->offset + b->capacity * b->entry_size;
    return a->offset < b_end && b->offset < a_end;
}

static enum lr_status check_directory(const struct lr_header *header, struct lr_error *error)
{
    for (uint32_t i = 0; i < header->section_count; i++) {
        const struct lr_section *section = &header->sections[i];
        enum lr_status status = check_section(section, header->file_size, i, error);
        if (status != LR_OK)
            return status;
        for (uint32_t j = 0; j < i; j++) {
            const struct lr_section *other = &header->sections[j];
            if (other->id == section->id)
                return lr_fail(error, LR_UNREADABLE, "has a damaged directory: two sections %s",
                               lr_section_name(section->id));
            if (sections_overlap(other, section))
                return lr_fail(error, LR_UNREADABLE,
                               "has a damaged directory: sections %u (%s) and %u (%s) overlap", j,
                               lr_section_name(other->id), i, lr_section_name(section->id));
        }
    }
    return LR_OK;
}

enum lr_status lr_check_header(const struct lr_header *header, uint64_t actual,
                               struct lr_error *error)
{
    enum lr_status status = check_identity(header, actual, error);
    if (status == LR_OK)
        status = check_version(header, actual, error);
    if (status != LR_OK)
        return status;
    if (header->section_count > LR_MAX_SECTIONS || header->header_size > LR_PAGE ||
        header->header_size < offsetof(struct lr_header, sections) +
                                  header->section_count * sizeof(struct lr_section))
        return lr_fail(error, LR_UNREADABLE, "has a damaged header (%u sections in %u bytes)",
                       header->section_count, header->header_size);
    if (header_checksum(header) != header->checksum)
        return lr_fail(error, LR_UNREADABLE, "has a damaged header (its checksum is wrong)");
    return check_directory(header, error);
}

int lr_slot_state(enum lr_section_id id, const unsigned char *slot)
{
    if (id == LR_SEC_REGIONS) {
        struct lr_region region;
        memcpy(&region, slot, sizeof(region));
        return region.length > 0;
    }
    if (id == LR_SEC_FOLLOWED) {
        struct lr_followed followed;
        memcpy(&followed, slot, sizeof(followed));
        return followed.kind != 0;
    }
    uint64_t key; /* lr_live and lr_pair both begin with it */
    memcpy(&key, slot, sizeof(key));
    if (key == 0)
        return 0;
    return (key & LR_KEY_BUSY) != 0 ? -1 : 1;
}
