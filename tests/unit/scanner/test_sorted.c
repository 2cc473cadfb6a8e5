#include <criterion/criterion.h>

#include "scanner/python_modules.h"
#include "scanner/re_set.h"
#include "scanner/resolve_python_action.h"
#include "scanner/sorted.h"
#include "scanner/unicode.h"

static const void *row_at(const struct sp_sorted *table, size_t i)
{
    return (const char *)table->rows + i * table->row_bytes;
}

static const char *text_at(const struct sp_sorted *table, size_t i)
{
    return *(const char *const *)row_at(table, i);
}

/* The first row that does not stand behind the one before it; n_rows: none. */
static size_t misplaced_text(const struct sp_sorted *table)
{
    for (size_t i = 1; i < table->n_rows; i++)
        if (sp_str_order(sp_str_of(text_at(table, i - 1)), text_at(table, i)) >= 0)
            return i;
    return table->n_rows;
}

static size_t misplaced_point(const struct sp_sorted *table)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        const uint32_t *row = row_at(table, i);
        if (row[0] > row[1] || (i > 0 && ((const uint32_t *)row_at(table, i - 1))[1] >= row[0]))
            return i;
    }
    return table->n_rows;
}

static void expect_texts(const struct sp_sorted *table)
{
    size_t i = misplaced_text(table);
    cr_expect(table->n_rows > 0);
    cr_expect(i == table->n_rows, "%s is out of its place", text_at(table, i));
    for (i = 0; i < table->n_rows; i++)
        cr_expect(sp_sorted_find_text(table, sp_str_of(text_at(table, i))) == row_at(table, i), "%s is not found",
            text_at(table, i));
}

static void expect_points(const struct sp_sorted *table)
{
    size_t i = misplaced_point(table);
    cr_expect(table->n_rows > 0);
    cr_expect(i == table->n_rows, "row %zu is out of its place", i);
    for (i = 0; i < table->n_rows; i++) {
        const uint32_t *row = row_at(table, i);
        cr_expect(sp_sorted_find_point(table, row[0]) == row, "%x is not found", row[0]);
        cr_expect(sp_sorted_find_point(table, row[1]) == row, "%x is not found", row[1]);
    }
}

Test(sorted, every_table_is_in_order)
{
    for (size_t i = 0; i < SP_PYTHON_MODULES_TABLES; i++)
        expect_texts(&sp_python_modules_tables[i]);
    expect_texts(&sp_resolve_python_action_table);
    expect_points(&sp_unicode_scripts);
    expect_points(&sp_unicode_alikes);
    const struct sp_sorted cases = {sp_re_case_rows, sp_re_case_n_rows, sizeof(sp_re_case_rows[0])};
    expect_points(&cases);
}

Test(sorted, a_row_out_of_its_place_is_seen)
{
    static const char *const swapped[] = {"a", "c", "b"}, *const doubled[] = {"a", "b", "b"};
    static const uint32_t overlapping[][2] = {{1, 4}, {4, 5}}, backwards[][2] = {{2, 1}};
    const struct sp_sorted texts[] = {SP_SORTED(swapped), SP_SORTED(doubled)};
    const struct sp_sorted points[] = {SP_SORTED(overlapping), SP_SORTED(backwards)};
    cr_expect(misplaced_text(&texts[0]) == 2);
    cr_expect(misplaced_text(&texts[1]) == 2);
    cr_expect(misplaced_point(&points[0]) == 1);
    cr_expect(misplaced_point(&points[1]) == 0);
}

Test(sorted, finds_what_is_there_and_nothing_else)
{
    static const struct {
        const char *name;
        int value;
    } rows[] = {{"a", 1}, {"ab", 2}, {"b", 3}};
    static const struct {
        uint32_t first, last;
    } ranges[] = {{1, 1}, {3, 5}, {6, 6}};
    const struct sp_sorted texts = SP_SORTED(rows), points = SP_SORTED(ranges), none = {0};
    cr_expect(sp_sorted_find_text(&texts, SP_STR("ab")) == &rows[1]);
    cr_expect(sp_sorted_find_text(&texts, SP_STR("b")) == &rows[2]);
    cr_expect(sp_sorted_find_text(&texts, SP_STR("")) == NULL);
    cr_expect(sp_sorted_find_text(&texts, SP_STR("abc")) == NULL);
    cr_expect(sp_sorted_find_text(&texts, (struct sp_str){"a\0b", 3}) == NULL);
    cr_expect(sp_sorted_find_text(&none, SP_STR("a")) == NULL);
    cr_expect(sp_sorted_find_point(&points, 1) == &ranges[0]);
    cr_expect(sp_sorted_find_point(&points, 4) == &ranges[1]);
    cr_expect(sp_sorted_find_point(&points, 6) == &ranges[2]);
    cr_expect(sp_sorted_find_point(&points, 0) == NULL);
    cr_expect(sp_sorted_find_point(&points, 2) == NULL);
    cr_expect(sp_sorted_find_point(&points, 7) == NULL);
    cr_expect(sp_sorted_find_point(&none, 0) == NULL);
}
