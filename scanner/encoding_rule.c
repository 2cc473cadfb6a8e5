/* The `encoding` rule: do we and the interpreter read the same program? Belongs to one scan. For what is to be run a doubt
 * is an error, in a scan it is a finding. */
#include <stdio.h>

#include "proto/utf8.h"
#include "scanner/scan.h"
#include "scanner/source.h"

static int refuse(struct sp_scan *scan, size_t offset, struct sp_error *error, const char *text)
{
    struct sp_source_index index;
    uint32_t line = 0, column = 0;
    int r = sp_source_index_init(&index, scan->source, scan->work, error);
    if (r < 0)
        return r;
    sp_source_position(&index, offset, &line, &column);
    sp_error_set(error, SP_EINVALID_CODE, "%s", text);
    if (error) {
        error->line = line;
        error->column = column;
    }
    return SP_EINVALID_CODE;
}

static int report(struct sp_scan *scan, struct sp_unit *unit, const char *description, size_t offset, size_t length,
    struct sp_error *error)
{
    return sp_scan_add(scan, unit,
        (struct sp_judge_record){.name = "encoding",
            .description = description,
            .kind = SP_FINDING_ENCODING,
            .severity = SP_SEVERITY_HIGH,
            .via = SP_VIA_DIRECT,
            .offset = (uint32_t)offset,
            .length = (uint32_t)length},
        error);
}

/* Under a single-byte encoding a byte above ASCII in a name is a letter, which the interpreter may fold to an ASCII one
 * that we don't see. In strings and comments it is text, and reads as it is. */
static int check_code_bytes(struct sp_scan *scan, struct sp_unit *unit, struct sp_error *error)
{
    const uint8_t *bytes = (const uint8_t *)unit->code.ptr;
    size_t n_bytes = unit->code.n_bytes, at = 0;
    int r = sp_unit_zone(unit, error);
    while (r == 0) {
        at += sp_utf8_ascii(bytes + at, n_bytes - at);
        if (at == n_bytes)
            return 0;
        size_t end = at + 1;
        while (end < n_bytes && bytes[end] >= 0x80)
            end++;
        if (!sp_unit_cover(unit, (uint32_t)at))
            return report(scan, unit, "a name with letters in another encoding than UTF-8", at, end - at, error);
        at = end;
    }
    return r;
}

int sp_encoding_rule(struct sp_scan *scan, struct sp_unit *unit, bool strict, struct sp_error *error)
{
    struct sp_str source = scan->source;
    const char *nul = source.n_bytes ? memchr(source.ptr, '\0', source.n_bytes) : NULL;
    if (nul && strict)
        return refuse(scan, (size_t)(nul - source.ptr), error, "the code holds a NUL");
    int r =
        nul ? report(scan, unit, "a NUL, which ends what some interpreters read", (size_t)(nul - source.ptr), 1, error)
            : 0;
    if (r == 0 && strict) {
        size_t valid = sp_utf8_valid((const uint8_t *)source.ptr, source.n_bytes);
        if (valid < source.n_bytes)
            return refuse(scan, valid, error, "the code is not UTF-8");
    }
    struct sp_str name = {0};
    if (scan->tongue->encoding)
        name = scan->tongue->encoding(source);
    if (r < 0 || name.n_bytes == 0)
        return r;
    enum sp_source_reading reading = sp_source_reading_of(name);
    size_t offset = (size_t)(name.ptr - source.ptr);
    if (strict && reading == SP_SOURCE_UTF8 && !sp_source_reading_is_fixed(name)) {
        char text[160];
        snprintf(text, sizeof(text),
            "the code declares the encoding \"%.*s\", which a program can replace: write utf-8", sp_str_int(name, 40),
            name.ptr);
        return refuse(scan, offset, error, text);
    }
    if (reading == SP_SOURCE_UTF8)
        return 0;
    if (strict)
        return refuse(scan, offset, error, "the code declares another encoding than UTF-8");
    if (reading == SP_SOURCE_BYTES)
        return check_code_bytes(scan, unit, error);
    return report(
        scan, unit, "an encoding under which the interpreter reads another program", offset, name.n_bytes, error);
}
