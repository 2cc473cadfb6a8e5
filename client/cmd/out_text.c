/* The text form of verdicts. Any thread; no state. All that came from elsewhere goes through out_escape. */
#include "client/cmd/out_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cmd/out_escape.h"
#include "proto/scope.h"

#define INDENT       4
#define TAB_COLUMNS  8
#define SHOWN_BEFORE 90 /* columns of a long line that are shown before the place, and in all */
#define SHOWN_IN_ALL 160

#define BOLD    "\033[1m"
#define RED     "\033[1;31m"
#define MAGENTA "\033[1;35m"
#define CYAN    "\033[1;36m"
#define GREEN   "\033[1;32m"
#define PLAIN   "\033[0m"

bool sp_out_text_colours(FILE *file, enum sp_colour_choice choice)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (choice != SP_COLOUR_AUTO)
        return choice == SP_COLOUR_ALWAYS;
    return isatty(fileno(file)) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

static void begin(FILE *file, bool colours, const char *colour)
{
    if (colours)
        fputs(colour, file);
}

static void end(FILE *file, bool colours)
{
    if (colours)
        fputs(PLAIN, file);
}

struct sp_str sp_out_text_of(const sallyport_value *value, const char *path)
{
    struct sp_str text = {0};
    text.ptr = sallyport_get_text(value, path, &text.n_bytes);
    return text;
}

void sp_out_text_print(FILE *file, const sallyport_value *value, const char *path)
{
    sp_escape_print(file, sp_out_text_of(value, path));
}

static const char *colour_of(struct sp_str severity)
{
    if (sp_str_is(severity, "high"))
        return RED;
    return sp_str_is(severity, "medium") ? MAGENTA : CYAN;
}

static bool ends_line(char c)
{
    return c == '\n' || c == '\r';
}

/* One step of a source line: a tab fills up to its stop. Returns the bytes taken, the columns in shown->n_columns. */
static size_t next_cell(struct sp_str line, size_t at, size_t column, struct sp_escaped *shown)
{
    if (line.ptr[at] == '\t') {
        shown->n_columns = TAB_COLUMNS - column % TAB_COLUMNS;
        memset(shown->text, ' ', shown->n_columns);
        shown->n_text = shown->n_columns;
        return 1;
    }
    return sp_escape_next(line.ptr + at, line.n_bytes - at, shown);
}

static size_t column_at(struct sp_str line, size_t offset)
{
    size_t column = 0;
    for (size_t at = 0; at < offset;) {
        struct sp_escaped shown;
        at += next_cell(line, at, column, &shown);
        column += shown.n_columns;
    }
    return column;
}

static void print_repeated(FILE *file, char c, size_t n)
{
    while (n--)
        putc(c, file);
}

/* The part of the line between two columns. */
static void print_cells(FILE *file, struct sp_str line, size_t from, size_t to)
{
    size_t column = 0;
    for (size_t at = 0; at < line.n_bytes && column < to;) {
        struct sp_escaped shown;
        at += next_cell(line, at, column, &shown);
        if (column >= from)
            fwrite(shown.text, 1, shown.n_text, file);
        else if (column + shown.n_columns > from)
            print_repeated(file, ' ', column + shown.n_columns - from);
        column += shown.n_columns;
    }
}

/* The line that holds offset, and a caret under length bytes from there. */
static void print_line(FILE *file, bool colours, struct sp_str source, size_t offset, size_t length)
{
    size_t start = offset, stop = offset;
    while (start > 0 && !ends_line(source.ptr[start - 1]))
        start--;
    while (stop < source.n_bytes && !ends_line(source.ptr[stop]))
        stop++;
    struct sp_str line = {source.ptr + start, stop - start};
    size_t last = length > stop - offset ? stop - start : offset - start + length;
    size_t caret = column_at(line, offset - start), caret_end = column_at(line, last);
    size_t from = caret > SHOWN_BEFORE ? caret - SHOWN_BEFORE : 0, to = from + SHOWN_IN_ALL;

    print_repeated(file, ' ', INDENT);
    print_cells(file, line, from, to);
    putc('\n', file);
    print_repeated(file, ' ', INDENT + caret - from);
    begin(file, colours, GREEN);
    putc('^', file);
    if (caret_end > to)
        caret_end = to;
    print_repeated(file, '~', caret_end > caret + 1 ? caret_end - caret - 1 : 0);
    end(file, colours);
    putc('\n', file);
}

static void print_place(FILE *file, bool colours, struct sp_str path, unsigned long line, unsigned long column)
{
    begin(file, colours, BOLD);
    sp_escape_print(file, path);
    if (line && column)
        fprintf(file, ":%lu:%lu", line, column);
    else if (line)
        fprintf(file, ":%lu", line);
    fputs(": ", file);
    end(file, colours);
}

static void print_note(FILE *file, const char *label, struct sp_str text)
{
    if (!text.n_bytes)
        return;
    fprintf(file, "%*s= %s: ", INDENT, "", label);
    sp_escape_print(file, text);
    putc('\n', file);
}

static void print_notes(FILE *file, const sallyport_value *finding, bool one_of_many)
{
    if (one_of_many)
        print_note(file, "policy", sp_out_text_of(finding, "policy"));
    struct sp_str via = sp_out_text_of(finding, "via");
    if (via.n_bytes && !sp_str_is(via, "direct"))
        print_note(file, "via", via);
    const sallyport_value *inner = sallyport_get(finding, "inner");
    if (sallyport_type_of(inner) == SALLYPORT_MAP)
        fprintf(file, "%*s= inside evaluated code: line %lld, column %lld\n", INDENT, "",
            (long long)sallyport_get_int(inner, "line", 0), (long long)sallyport_get_int(inner, "column", 0));
    print_note(file, "fix", sp_out_text_of(finding, "fix"));
    print_note(file, "see", sp_out_text_of(finding, "url"));
}

void sp_out_text_finding(FILE *file, bool colours, struct sp_str path, struct sp_str source,
    const sallyport_value *finding, bool one_of_many)
{
    struct sp_str severity = sp_out_text_of(finding, "severity");
    int64_t offset = sallyport_get_int(finding, "offset", -1), length = sallyport_get_int(finding, "length", 0);
    print_place(file, colours, path, (unsigned long)sallyport_get_int(finding, "line", 0),
        (unsigned long)sallyport_get_int(finding, "column", 0));
    begin(file, colours, colour_of(severity));
    sp_escape_print(file, severity);
    fputs(": ", file);
    end(file, colours);
    sp_out_text_print(file, finding, "description");
    fputs(" [", file);
    sp_out_text_print(file, finding, "rule");
    fputs("]\n", file);
    if (source.ptr && source.n_bytes && offset >= 0 && (uint64_t)offset <= source.n_bytes && length >= 0)
        print_line(file, colours, source, (size_t)offset, (size_t)length);
    print_notes(file, finding, one_of_many);
}

void sp_out_text_verdict(
    FILE *file, bool colours, struct sp_str path, struct sp_str source, const sallyport_value *verdict)
{
    const sallyport_value *findings = sallyport_get(verdict, "violations");
    size_t n_findings = sallyport_get_count(findings, NULL);
    bool one_of_many = sallyport_get_count(verdict, "policies") > 1;
    for (size_t i = 0; i < n_findings; i++)
        sp_out_text_finding(file, colours, path, source, sallyport_at(findings, i), one_of_many);
    if (sallyport_get_bool(verdict, "truncated")) {
        print_place(file, colours, path, 0, 0);
        fputs("note: there are more findings than are shown\n", file);
    }
}

void sp_out_text_error(FILE *file, bool colours, struct sp_str path, unsigned line, unsigned column, const char *text)
{
    print_place(file, colours, path, line, column);
    begin(file, colours, RED);
    fputs("error: ", file);
    end(file, colours);
    sp_escape_print(file, sp_str_of(text));
    putc('\n', file);
}
