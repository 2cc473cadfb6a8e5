/* Building the canonical text, and its offsets back. Belongs to one scan; all memory is the scan's arena. Every replacement
 * costs its own length once a layer, so the whole is linear in the bound of the text. */
#include "scanner/canon.h"

#include <stdlib.h>
#include <string.h>

#include "proto/utf8.h"
#include "scanner/hash.h"

#define WINDOW_BEFORE 256
#define WINDOW_BEHIND 512
#define SIGNS_MAX     32   /* meanings of one place that are compared; what is past them is kept */
#define KNOWN_NAMES   1024 /* names whose signs are remembered */
#define RUN_MAX       256 /* of one byte in a literal: what is longer (b"\0" * 65536) is cut, no pattern needs it whole */

/* Steps over the patterns' positions in a source; past them, all meanings are kept. */
#define SIFT_STEPS        (8u << 20)
#define SIFT_STEPS_A_BYTE ((size_t)64)

struct sifting;

struct candidate {
    uint32_t from, to;
    uint32_t index; /* into names or folded */
    uint8_t kind, via;
};

struct building {
    struct sp_canon *canon;
    struct sp_str code;
    const struct sp_resolution *resolution;
    const struct sp_tongue_literal *literal; /* NULL: nothing is folded */
    struct sp_arena *arena;
    struct candidate *candidates; /* those of the layer at hand; the ones that do not fit move to the front */
    size_t n_candidates;
    char *bytes;
    size_t n_bytes, room_bytes, max_bytes;
    uint32_t region_room;
    struct sifting *sifting; /* NULL: every meaning is put */
    int failed;
};

static const char too_many[] =
    "names may stand for so many things, from here on, that patterns were not held against all";
static const char too_long[] = "what a name stands for here is too long to hold patterns against it";

static void limit(struct building *b, uint32_t offset, const char *what)
{
    if (!b->canon->limited || offset < b->canon->limit_at) {
        b->canon->limit_at = offset;
        b->canon->limit_what = what;
    }
    b->canon->limited = true;
}

/* False once the text is at its bound (limited) or memory is out (failed). */
static bool reserve(struct building *b, size_t n_bytes, uint32_t offset)
{
    if (b->failed)
        return false;
    if (n_bytes > b->max_bytes - b->n_bytes) {
        limit(b, offset, too_many);
        return false;
    }
    if (n_bytes <= b->room_bytes - b->n_bytes)
        return true;
    size_t room = 2 * (b->n_bytes + n_bytes);
    if (room > b->max_bytes)
        room = b->max_bytes;
    char *bytes = sp_arena_alloc(b->arena, room);
    if (!bytes) {
        b->failed = sp_arena_error(b->arena);
        return false;
    }
    memcpy(bytes, b->bytes, b->n_bytes);
    b->bytes = bytes;
    b->room_bytes = room;
    return true;
}

static bool put(struct building *b, const char *bytes, size_t n_bytes, uint32_t offset)
{
    if (!reserve(b, n_bytes, offset))
        return false;
    memcpy(b->bytes + b->n_bytes, bytes, n_bytes);
    b->n_bytes += n_bytes;
    return true;
}

static bool put_code(struct building *b, uint32_t from, uint32_t to)
{
    return to <= from || put(b, b->code.ptr + from, to - from, from);
}

static bool add_region(struct building *b, struct sp_canon_region region)
{
    struct sp_canon *canon = b->canon;
    int r = SP_ARENA_GROW(b->arena, canon->regions, canon->n_regions, b->region_room, 64);
    if (r < 0) {
        b->failed = r;
        return false;
    }
    canon->regions[canon->n_regions++] = region;
    return true;
}

static bool is_quote(const struct building *b, char byte)
{
    return byte && strchr(b->literal->quotes, byte);
}

static struct sp_str prefix_of(const struct building *b, const struct sp_folded *folded)
{
    return sp_str_of(folded->bytes ? b->literal->bytes_prefix : "");
}

/* The quote that the expression itself uses first, so that patterns written for it go on to match. */
static char quote_of(struct building *b, const struct candidate *candidate)
{
    for (uint32_t i = candidate->from; i < candidate->to; i++)
        if (is_quote(b, b->code.ptr[i]))
            return b->code.ptr[i];
    return b->literal->quotes[0];
}

static bool put_literal(struct building *b, const struct sp_folded *folded, char quote)
{
    struct sp_str prefix = prefix_of(b, folded);
    if (!put(b, prefix.ptr, prefix.n_bytes, folded->offset) || !put(b, &quote, 1, folded->offset))
        return false;
    const uint8_t *bytes = (const uint8_t *)folded->value.ptr;
    size_t left = folded->value.n_bytes, n_same = 0;
    for (uint8_t before = 0; left; before = *bytes, bytes++, left--) {
        n_same = n_same && *bytes == before ? n_same + 1 : 1;
        if (n_same > RUN_MAX)
            continue;
        char spelled[SP_TONGUE_SPELLED_MAX];
        size_t n = *bytes >= 0x80 && !folded->bytes ? sp_utf8_next(bytes, left, NULL) : 0;
        bool whole = n > 0;
        size_t n_out = whole ? n : b->literal->spell(*bytes, quote, spelled);
        if (!put(b, whole ? (const char *)bytes : spelled, n_out, folded->offset))
            return false;
        if (whole) {
            bytes += n - 1;
            left -= n - 1;
        }
    }
    return put(b, &quote, 1, folded->offset);
}

static bool put_replacement(struct building *b, const struct candidate *candidate)
{
    struct sp_canon_region region = {.start = (uint32_t)b->n_bytes,
        .from = candidate->from,
        .to = candidate->to,
        .kind = candidate->kind,
        .via = candidate->via};
    if (candidate->kind == SP_CANON_NAME) {
        struct sp_str name = b->resolution->names.items[candidate->index].name;
        if (!put(b, name.ptr, name.n_bytes, candidate->from))
            return false;
    } else {
        const struct sp_folded *folded = &b->resolution->folded.items[candidate->index];
        region.body = region.start + (uint32_t)prefix_of(b, folded).n_bytes + 1;
        if (!put_literal(b, folded, quote_of(b, candidate)))
            return false;
    }
    region.end = (uint32_t)b->n_bytes;
    return add_region(b, region);
}

static struct sp_str name_of(const struct building *b, const struct candidate *candidate)
{
    return candidate->kind == SP_CANON_NAME ? b->resolution->names.items[candidate->index].name : (struct sp_str){0};
}

/* `os` inside `os.system`, from the same place: the longer name says it. */
static bool is_said_by(const struct building *b, const struct candidate *inner, const struct candidate *outer)
{
    struct sp_str a = name_of(b, inner), c = name_of(b, outer);
    return inner->from == outer->from && inner->to != outer->to && a.n_bytes && c.n_bytes > a.n_bytes &&
           c.ptr[a.n_bytes] == '.' && memcmp(a.ptr, c.ptr, a.n_bytes) == 0;
}

static int outermost_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->to != y->to)
        return x->to > y->to ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind - y->kind;
    return x->index < y->index ? -1 : x->index > y->index;
}

static bool spelled_so(const struct building *b, uint32_t offset, uint32_t length, struct sp_str name)
{
    return name.n_bytes == length && memcmp(b->code.ptr + offset, name.ptr, length) == 0;
}

/* A literal as it would be put. */
static bool is_plain_literal(const struct building *b, const struct sp_folded *folded)
{
    const char *at = b->code.ptr + folded->offset;
    struct sp_str prefix = prefix_of(b, folded);
    if (folded->length != folded->value.n_bytes + 2 + prefix.n_bytes ||
        !sp_str_equal((struct sp_str){at, prefix.n_bytes}, prefix) || !is_quote(b, at[prefix.n_bytes]))
        return false;
    return memcmp(at + prefix.n_bytes + 1, folded->value.ptr, folded->value.n_bytes) == 0;
}

static bool inside(const struct building *b, uint32_t offset, uint32_t length)
{
    return length > 0 && offset <= b->code.n_bytes && length <= b->code.n_bytes - offset;
}

static int collect(struct building *b, struct sp_error *error)
{
    const struct sp_resolution *resolution = b->resolution;
    size_t most = (size_t)resolution->names.n_items + resolution->folded.n_items;
    if (most == 0)
        return 0;
    b->candidates = sp_arena_array(b->arena, most, sizeof(*b->candidates));
    if (!b->candidates)
        return sp_error_set(error, sp_arena_error(b->arena), NULL);
    for (uint32_t i = 0; i < resolution->names.n_items; i++) {
        const struct sp_name_use *use = &resolution->names.items[i];
        if (use->name.n_bytes == 0 || !inside(b, use->offset, use->length) ||
            spelled_so(b, use->offset, use->length, use->name))
            continue;
        if (use->name.n_bytes > SP_CANON_NAME_MAX) {
            limit(b, use->offset, too_long);
            continue;
        }
        b->candidates[b->n_candidates++] =
            (struct candidate){use->offset, use->offset + use->length, i, SP_CANON_NAME, (uint8_t)use->via};
    }
    for (uint32_t i = 0; b->literal && i < resolution->folded.n_items; i++) {
        const struct sp_folded *folded = &resolution->folded.items[i];
        if (inside(b, folded->offset, folded->length) && !is_plain_literal(b, folded))
            b->candidates[b->n_candidates++] =
                (struct candidate){folded->offset, folded->offset + folded->length, i, SP_CANON_FOLDED, SP_VIA_FOLDED};
    }
    qsort(b->candidates, b->n_candidates, sizeof(*b->candidates), outermost_first);
    return 0;
}

static void put_main(struct building *b)
{
    uint32_t at = 0;
    size_t n_left = 0;
    const struct candidate *taken = NULL;
    struct candidate last;
    for (size_t i = 0; i < b->n_candidates; i++) {
        struct candidate candidate = b->candidates[i];
        if (candidate.from < at) {
            if (!is_said_by(b, &candidate, taken))
                b->candidates[n_left++] = candidate;
            continue;
        }
        if (!put_code(b, at, candidate.from) || !put_replacement(b, &candidate))
            break;
        at = candidate.to;
        last = candidate;
        taken = &last;
    }
    put_code(b, at, (uint32_t)b->code.n_bytes);
    b->n_candidates = n_left;
    b->canon->main_bytes = b->n_bytes;
}

static bool word_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '_' || (unsigned char)byte >= 0x80;
}

/* A line's start, or as far before as a window goes; never inside a word. */
static uint32_t window_start(const struct building *b, uint32_t from, uint32_t floor)
{
    uint32_t start = from;
    while (start > floor && from - start < WINDOW_BEFORE && b->code.ptr[start - 1] != '\n')
        start--;
    while (start < from && start > 0 && word_byte(b->code.ptr[start - 1]) && word_byte(b->code.ptr[start]))
        start++;
    return start;
}

static uint32_t window_end(const struct building *b, uint32_t to)
{
    uint32_t end = to;
    while (end < b->code.n_bytes && end - to < WINDOW_BEHIND && b->code.ptr[end] != '\n')
        end++;
    return end;
}

/* One more layer: windows around the candidates that are left, as many of them as do not overlap. */
static void put_layer(struct building *b)
{
    size_t n_left = 0;
    uint32_t at = 0, end = 0;
    bool open = false;
    for (size_t i = 0; i < b->n_candidates && !b->failed; i++) {
        struct candidate candidate = b->candidates[i];
        if (open && candidate.from < at) {
            b->candidates[n_left++] = candidate;
            continue;
        }
        if (open && candidate.from > end) {
            if (!put_code(b, at, end))
                return;
            open = false;
        }
        if (!open) {
            at = window_start(b, candidate.from, end);
            struct sp_canon_region jump = {
                .start = (uint32_t)b->n_bytes, .from = at, .to = at, .kind = SP_CANON_JUMP, .via = SP_VIA_DIRECT};
            if (!put(b, "\n", 1, candidate.from))
                return;
            jump.end = (uint32_t)b->n_bytes;
            if (!add_region(b, jump))
                return;
            open = true;
        }
        if (!put_code(b, at, candidate.from) || !put_replacement(b, &candidate))
            return;
        at = candidate.to;
        end = window_end(b, at);
    }
    if (open)
        put_code(b, at, end);
    b->n_candidates = n_left;
}

static bool is_plain(struct sp_str text)
{
    bool plain = text.n_bytes > 0 && text.ptr[0] != '.' && text.ptr[text.n_bytes - 1] != '.';
    for (size_t i = 0; i < text.n_bytes && plain; i++)
        plain = (unsigned char)text.ptr[i] < 0x80 && (word_byte(text.ptr[i]) || text.ptr[i] == '.');
    return plain;
}

/* Bytes that no replacement ends with, so that they stand before a name in every window. */
static bool stands_apart(unsigned char byte)
{
    return byte == '\n' || (byte && strchr(" \t\r([{,:;=<>+-*/%&|^~!@", byte));
}

/* Does one of the candidates from `index` on begin there? It would stand behind the name in some window. */
static bool begins_at(const struct building *b, size_t index, uint32_t offset)
{
    size_t low = index, high = b->n_candidates;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (b->candidates[middle].from < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < b->n_candidates && b->candidates[low].from == offset;
}

/* The meanings of one place that are known to be in the text. */
struct told {
    uint32_t from, to;
    uint64_t signs[SIGNS_MAX];
    size_t n_signs;
};

struct signed_name { /* one that was asked about before */
    struct sp_str text;
    unsigned char before, after;
    uint64_t sign;
};

struct sifting {
    struct building *b;
    const struct sp_canon_reader *reader;
    struct signed_name *known; /* by hash: the last of each */
    uint64_t work, max_work;
    struct told told;
};

static uint64_t sign(struct sifting *s, struct sp_str text, unsigned char before, unsigned char after)
{
    uint32_t hash = sp_hash_on(SP_HASH_START ^ before ^ (uint32_t)after << 8, text);
    s->work += text.n_bytes;
    struct signed_name *known = &s->known[(hash ^ hash >> 16) % KNOWN_NAMES];
    if (known->text.ptr && known->before == before && known->after == after && sp_str_equal(known->text, text))
        return known->sign;
    struct sp_reach_name name = {.text = text, .before = before, .after = after};
    *known = (struct signed_name){text, before, after, s->reader->sign(s->reader->context, &name, &s->work)};
    return known->sign;
}

static bool is_told(struct told *told, uint64_t name_sign)
{
    for (size_t i = 0; i < told->n_signs; i++)
        if (told->signs[i] == name_sign)
            return true;
    if (told->n_signs < SIGNS_MAX)
        told->signs[told->n_signs++] = name_sign;
    return false;
}

/* May a window with this name hold a match that no other text holds? */
static bool is_wanted(struct sifting *s, size_t index)
{
    const struct building *b = s->b;
    const struct candidate *candidate = &b->candidates[index];
    struct sp_str code = b->code, name = name_of(b, candidate);
    struct sp_str raw = {code.ptr + candidate->from, candidate->to - candidate->from};
    unsigned char before = candidate->from ? (unsigned char)code.ptr[candidate->from - 1] : '\n';
    unsigned char after = candidate->to < code.n_bytes ? (unsigned char)code.ptr[candidate->to] : '\n';
    if (!is_plain(name) || !is_plain(raw) || !stands_apart(before) || begins_at(b, index, candidate->to) ||
        s->work > s->max_work)
        return true;
    if (s->told.from != candidate->from || s->told.to != candidate->to) {
        s->told = (struct told){.from = candidate->from, .to = candidate->to};
        is_told(&s->told, SP_REACH_NONE);
        is_told(&s->told, sign(s, raw, before, after));
    }
    uint64_t name_sign = sign(s, name, before, after);
    return name_sign == SP_REACH_UNKNOWN || !is_told(&s->told, name_sign);
}

static void put_all(struct building *b);

/* Once more, without the meanings that the reader cannot tell from others. */
static int sift(struct building *b, const struct sp_canon_reader *reader, struct sp_error *error)
{
    struct sifting s = {.b = b, .reader = reader, .max_work = SIFT_STEPS + SIFT_STEPS_A_BYTE * b->code.n_bytes};
    s.known = sp_arena_array(b->arena, KNOWN_NAMES, sizeof(*s.known));
    if (!s.known)
        return sp_error_set(error, sp_arena_error(b->arena), NULL);
    memset(s.known, 0, KNOWN_NAMES * sizeof(*s.known));
    b->sifting = &s;
    b->n_candidates = 0;
    b->n_bytes = 0;
    b->canon->n_regions = 0;
    b->canon->limited = false;
    int r = collect(b, error);
    if (r == 0)
        put_all(b);
    b->sifting = NULL;
    return r;
}

static void put_all(struct building *b)
{
    put_main(b);
    if (b->sifting) {
        size_t n_wanted = 0;
        for (size_t i = 0; i < b->n_candidates; i++)
            if (is_wanted(b->sifting, i))
                b->candidates[n_wanted++] = b->candidates[i];
        b->n_candidates = n_wanted;
    }
    for (int layer = 1; layer < SP_CANON_LAYERS_MAX && b->n_candidates && !b->failed && !b->canon->limited; layer++)
        put_layer(b);
    if (b->n_candidates)
        limit(b, b->candidates[0].from, too_many);
}

int sp_canon_build(struct sp_canon *canon, const struct sp_tongue *tongue, struct sp_str code,
    const struct sp_resolution *resolution, const struct sp_canon_reader *reader, struct sp_arena *arena,
    struct sp_error *error)
{
    *canon = (struct sp_canon){0};
    struct building b = {.canon = canon,
        .code = code,
        .resolution = resolution,
        .literal = tongue->literal,
        .arena = arena,
        .max_bytes = SP_CANON_BYTES(code.n_bytes)};
    int r = collect(&b, error);
    if (r < 0 || b.n_candidates == 0)
        return r;
    b.room_bytes = code.n_bytes + code.n_bytes / 8 + 1024;
    b.bytes = sp_arena_alloc(arena, b.room_bytes);
    if (!b.bytes)
        return sp_error_set(error, sp_arena_error(arena), NULL);
    put_all(&b);
    if (!b.failed && canon->limited && reader)
        r = sift(&b, reader, error);
    if (r < 0)
        return r;
    if (b.failed)
        return sp_error_set(error, b.failed, NULL);
    canon->text = (struct sp_str){b.bytes, b.n_bytes};
    return 0;
}

/* How many regions begin at or before offset. */
static uint32_t regions_until(const struct sp_canon *canon, uint32_t offset)
{
    uint32_t low = 0, high = canon->n_regions;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (canon->regions[middle].start <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct sp_canon_region *sp_canon_find(const struct sp_canon *canon, uint32_t offset)
{
    uint32_t n = regions_until(canon, offset);
    return n && offset < canon->regions[n - 1].end ? &canon->regions[n - 1] : NULL;
}

/* Where an offset lies in the source; inside a region, at its start or its end. */
static uint32_t map_offset(const struct sp_canon *canon, uint32_t offset, bool to_end)
{
    uint32_t n = regions_until(canon, offset);
    if (n == 0)
        return offset;
    const struct sp_canon_region *region = &canon->regions[n - 1];
    if (offset < region->end)
        return to_end ? region->to : region->from;
    return region->to + (offset - region->end);
}

void sp_canon_map(const struct sp_canon *canon, uint32_t start, uint32_t end, uint32_t *ret_from, uint32_t *ret_to)
{
    *ret_from = map_offset(canon, start, false);
    uint32_t last = map_offset(canon, end > start ? end - 1 : start, true);
    const struct sp_canon_region *region = sp_canon_find(canon, end > start ? end - 1 : start);
    *ret_to = region ? last : last + 1;
    if (*ret_to < *ret_from)
        *ret_to = *ret_from;
}

bool sp_canon_touches(const struct sp_canon *canon, uint32_t start, uint32_t end, enum sp_via *ret_via)
{
    bool touches = false;
    enum sp_via via = SP_VIA_DIRECT;
    for (uint32_t n = regions_until(canon, end); n > 0; n--) {
        const struct sp_canon_region *region = &canon->regions[n - 1];
        if (region->end < start)
            break;
        if (region->kind == SP_CANON_JUMP)
            continue;
        touches = true;
        if (region->via > via)
            via = region->via;
    }
    *ret_via = via;
    return touches;
}
