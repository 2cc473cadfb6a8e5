/* The `unicode` rule: what makes source read other than it runs. Belongs to one scan. Skipped at once where the source is
 * ASCII. */
#include <string.h>
#include <utf8proc.h>

#include "proto/utf8.h"
#include "scanner/scan.h"
#include "scanner/unicode.h"

#define BLACK_FLAG    0x1F3F4
#define FLAG_TAGS_MAX 7 /* gbeng and the tag that ends it, and one more */

static bool continues_word(uint32_t point)
{
    if (point < 0x80)
        return (point >= '0' && point <= '9') || (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z') ||
               point == '_';
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO) || category == UTF8PROC_CATEGORY_PC;
}

/* One walk over the source. */
struct walk {
    struct sp_scan *scan;
    struct sp_unit *unit;
    struct sp_scan_policy *policy;
    struct sp_error *error;
    uint32_t word_start, word_scripts;
    bool in_word, mixed;
    /* of the part of a word between underscores */
    uint32_t part_scripts;
    bool part_distinct; /* has a letter that could be no Latin one */
    bool alike;         /* a part could be Latin, and is not */
    unsigned n_tags;
    uint32_t run_start; /* of characters of one bad class */
    enum sp_unicode_class run;
    uint32_t before; /* the point before, 0: none, or not UTF-8 */
};

static int report(struct walk *walk, uint32_t start, uint32_t end, const char *description)
{
    const struct sp_policy *policy = walk->policy->policy;
    return sp_scan_add(walk->scan, walk->unit,
        (struct sp_judge_record){.policy = policy,
            .name = "unicode",
            .description = description,
            .kind = SP_FINDING_UNICODE,
            .severity = policy->model->unicode,
            .via = SP_VIA_DIRECT,
            .offset = start,
            .length = end - start},
        walk->error);
}

/* Words of several languages in one name, with underscores between them, are ordinary: test_привет. But for those that
 * read as if they were not. */
static void end_part(struct walk *walk)
{
    walk->mixed |= sp_unicode_mixed(walk->part_scripts);
    walk->alike |= walk->part_scripts & ~sp_unicode_latin && !walk->part_distinct;
    walk->part_scripts = 0;
    walk->part_distinct = false;
}

static void take_letter(struct walk *walk, uint32_t point, uint32_t offset)
{
    if (!walk->in_word)
        walk->word_start = offset;
    walk->in_word = true;
    if (point == '_') {
        end_part(walk);
        return;
    }
    uint32_t script = sp_unicode_script_of(point);
    walk->word_scripts |= script;
    walk->part_scripts |= script;
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
    bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
    walk->part_distinct |= letter && point >= 0x80 && script != sp_unicode_latin && !sp_unicode_alike(point);
}

/* In a string, in a comment, or in a language that is written for people. */
static bool in_prose(const struct walk *walk, uint32_t offset)
{
    return walk->scan->tongue->prose || sp_unit_cover(walk->unit, offset);
}

static int end_word(struct walk *walk, uint32_t at)
{
    end_part(walk);
    bool latin = walk->word_scripts & sp_unicode_latin;
    bool mixed = walk->in_word &&
                 (walk->mixed || (latin && walk->alike) || sp_unicode_mixed(walk->word_scripts & ~sp_unicode_latin));
    walk->in_word = walk->mixed = walk->alike = false;
    walk->word_scripts = 0;
    if (!mixed || in_prose(walk, walk->word_start))
        return 0;
    return report(walk, walk->word_start, at, "identifier of mixed scripts");
}

static int end_run(struct walk *walk, uint32_t at)
{
    enum sp_unicode_class run = walk->run;
    walk->run = SP_UNICODE_PLAIN;
    if (run == SP_UNICODE_PLAIN)
        return 0;
    return report(
        walk, walk->run_start, at, run == SP_UNICODE_BIDI ? "bidirectional control character" : "invisible character");
}

/* Joiners, selectors and tags belong to text in many scripts and to emoji, one by one; behind ASCII, or in code, to neither,
 * and a row of them is a text that nobody sees. */
static enum sp_unicode_class class_at(struct walk *walk, uint32_t point, uint32_t offset)
{
    enum sp_unicode_class class = sp_unicode_class_of(point), before = sp_unicode_class_of(walk->before);
    bool at_home = walk->before >= 0x80;
    switch (class) {
    case SP_UNICODE_JOINER: at_home = at_home && before != SP_UNICODE_JOINER && before != SP_UNICODE_TAG; break;
    case SP_UNICODE_SELECTOR:
        /* Keycap emoji: a digit, # or * and U+FE0F. */
        at_home = (at_home && before == SP_UNICODE_PLAIN) ||
                  (point == 0xFE0F && walk->before && walk->before < 0x80 && strchr("0123456789#*", (int)walk->before));
        break;
    case SP_UNICODE_TAG:
        walk->n_tags = before == SP_UNICODE_TAG ? walk->n_tags + 1 : 1;
        at_home = walk->n_tags <= FLAG_TAGS_MAX && (walk->before == BLACK_FLAG || before == SP_UNICODE_TAG);
        break;
    default: return class;
    }
    return at_home && in_prose(walk, offset) ? SP_UNICODE_PLAIN : SP_UNICODE_INVISIBLE;
}

static int take_point(struct walk *walk, uint32_t point, uint32_t offset)
{
    int r = 0;
    enum sp_unicode_class class = point < 0x80 ? SP_UNICODE_PLAIN : class_at(walk, point, offset);
    if (walk->run != class) {
        r = end_run(walk, offset);
        walk->run = class;
        walk->run_start = offset;
    }
    if (r == 0 && walk->in_word && !continues_word(point))
        r = end_word(walk, offset);
    if (continues_word(point))
        take_letter(walk, point, offset);
    walk->before = point;
    return r;
}

int sp_unicode_rule(struct sp_scan *scan, struct sp_unit *unit, struct sp_scan_policy *policy, struct sp_error *error)
{
    const uint8_t *bytes = (const uint8_t *)unit->text.ptr;
    size_t n_bytes = unit->text.n_bytes;
    size_t at = sp_utf8_ascii(bytes, n_bytes);
    if (policy->policy->model->unicode == SP_SEVERITY_COUNT || at == n_bytes)
        return 0;
    int r = sp_unit_zone(unit, error);
    struct walk walk = {.scan = scan, .unit = unit, .policy = policy, .error = error};
    /* A word that holds the first byte of interest began before it. */
    while (at > 0 && continues_word(bytes[at - 1]))
        at--;
    if (at == 0 && n_bytes >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        at = 3;
    while (at < n_bytes && r == 0) {
        uint32_t point = 0;
        size_t n = sp_utf8_next(bytes + at, n_bytes - at, &point);
        r = take_point(&walk, n ? point : 0, (uint32_t)at);
        at += n ? n : 1;
    }
    if (r == 0)
        r = end_run(&walk, (uint32_t)n_bytes);
    return r < 0 ? r : end_word(&walk, (uint32_t)n_bytes);
}
