#include "scanner/judge.h"

#include "tests/unit/scanner/scan_fixture.h"

static struct sp_arena work, result;
static struct sp_policy *medium, *observer;

static void set_up(void)
{
    sp_arena_init(&work, 64 << 20);
    sp_arena_init(&result, 64 << 20);
    medium =
        fixture_policy("severity_threshold: medium\nrestricted_modules: [{name: os, severity: high, id: r-os, cwe: "
                       "CWE-1, fix: don't, url: u}]");
    observer = fixture_policy("severity_threshold: safe\nrestricted_modules: [{name: os, severity: high}]");
}

static void tear_down(void)
{
    sp_policy_unref(medium);
    sp_policy_unref(observer);
    sp_arena_fini(&work);
    sp_arena_fini(&result);
}

TestSuite(judge, .init = set_up, .fini = tear_down);

static struct sp_judge start(const struct sp_policy *const *policies, size_t n_policies, size_t most)
{
    struct sp_judge judge;
    sp_judge_init(&judge, policies, n_policies, most, &work);
    return judge;
}

static void add(struct sp_judge *judge, const struct sp_policy *policy, const char *name, enum sp_severity severity,
    uint32_t offset, uint32_t length)
{
    struct sp_judge_record record = {.policy = policy,
        .name = name,
        .description = "d",
        .kind = SP_FINDING_DYNAMIC,
        .severity = severity,
        .offset = offset,
        .length = length};
    cr_assert_eq(sp_judge_add(judge, record), 0);
}

static struct sp_verdict finish(struct sp_judge *judge, const char *source)
{
    struct sp_verdict verdict = {0};
    struct sp_error error = {0};
    cr_assert_eq(sp_judge_finish(judge, sp_str_of(source), &result, &verdict, &error), 0, "%s", error.text);
    return verdict;
}

Test(judge, nothing_found_is_safe)
{
    const struct sp_policy *policies[] = {medium};
    struct sp_judge judge = start(policies, 1, 10);
    struct sp_verdict verdict = finish(&judge, "x");
    cr_assert(verdict.safe && !verdict.truncated && verdict.n_findings == 0);
}

Test(judge, blocks_from_the_threshold_on)
{
    const struct sp_policy *policies[] = {medium};
    struct sp_judge judge = start(policies, 1, 10);
    add(&judge, medium, "a", SP_SEVERITY_LOW, 0, 1);
    struct sp_verdict verdict = finish(&judge, "abc");
    cr_assert(verdict.safe && !verdict.findings[0].blocking);
    add(&judge, medium, "b", SP_SEVERITY_MEDIUM, 1, 1);
    verdict = finish(&judge, "abc");
    cr_assert(!verdict.safe && verdict.findings[1].blocking && !verdict.findings[0].blocking);
}

Test(judge, safe_as_threshold_blocks_nothing)
{
    const struct sp_policy *policies[] = {observer};
    struct sp_judge judge = start(policies, 1, 10);
    add(&judge, observer, "a", SP_SEVERITY_HIGH, 0, 1);
    add(&judge, observer, "b", SP_SEVERITY_SAFE, 0, 1);
    add(&judge, NULL, "limit", SP_SEVERITY_HIGH, 0, 1);
    struct sp_verdict verdict = finish(&judge, "abc");
    cr_assert(verdict.safe);
    cr_assert_eq(verdict.n_findings, 3);
    cr_assert_eq(verdict.counts[SP_SEVERITY_HIGH], 2);
    cr_assert_eq(verdict.counts[SP_SEVERITY_SAFE], 1);
}

Test(judge, any_policy_may_block)
{
    const struct sp_policy *policies[] = {observer, medium};
    struct sp_judge judge = start(policies, 2, 10);
    add(&judge, observer, "a", SP_SEVERITY_HIGH, 0, 1);
    cr_assert(finish(&judge, "x").safe);
    add(&judge, medium, "a", SP_SEVERITY_HIGH, 0, 1);
    cr_assert_not(finish(&judge, "x").safe);
}

Test(judge, a_bound_blocks_where_anything_can)
{
    const struct sp_policy *policies[] = {observer, medium};
    struct sp_judge judge = start(policies, 2, 10);
    add(&judge, NULL, "limit", SP_SEVERITY_HIGH, 0, 0);
    cr_assert_not(finish(&judge, "x").safe);
    judge = start(NULL, 0, 10);
    add(&judge, NULL, "limit", SP_SEVERITY_HIGH, 0, 0);
    cr_assert(finish(&judge, "x").safe);
}

Test(judge, orders_by_offset_then_rule)
{
    const struct sp_policy *policies[] = {medium};
    struct sp_judge judge = start(policies, 1, 10);
    add(&judge, medium, "b", SP_SEVERITY_LOW, 4, 1);
    add(&judge, medium, "c", SP_SEVERITY_LOW, 0, 1);
    add(&judge, medium, "a", SP_SEVERITY_LOW, 4, 2);
    struct sp_verdict verdict = finish(&judge, "012\n45");
    cr_assert_str_eq(verdict.findings[0].rule, "c");
    cr_assert_str_eq(verdict.findings[1].rule, "a");
    cr_assert_str_eq(verdict.findings[2].rule, "b");
    cr_assert_eq(verdict.findings[1].line, 2);
    cr_assert_eq(verdict.findings[1].column, 1);
}

Test(judge, drops_what_does_not_block_first_and_counts_all)
{
    const struct sp_policy *policies[] = {medium};
    struct sp_judge judge = start(policies, 1, 5);
    char source[2001];
    memset(source, 'x', 2000);
    source[2000] = '\0';
    for (uint32_t i = 0; i < 1000; i++)
        add(&judge, medium, "low", SP_SEVERITY_LOW, i, 1);
    for (uint32_t i = 1999; i >= 1990; i--)
        add(&judge, medium, "high", SP_SEVERITY_HIGH, i, 1);
    cr_assert_leq(judge.n_room, 4 * 5 + 64, "what is held is bounded");
    struct sp_verdict verdict = finish(&judge, source);
    cr_assert(verdict.truncated && !verdict.safe);
    cr_assert_eq(verdict.n_findings, 5);
    for (size_t i = 0; i < 5; i++)
        cr_assert(verdict.findings[i].blocking && verdict.findings[i].offset == 1990 + i);
    cr_assert_eq(verdict.counts[SP_SEVERITY_LOW], 1000);
    cr_assert_eq(verdict.counts[SP_SEVERITY_HIGH], 10);
}

Test(judge, keeps_the_first_of_what_does_not_block)
{
    const struct sp_policy *policies[] = {medium};
    struct sp_judge judge = start(policies, 1, 3);
    for (uint32_t i = 0; i < 10; i++)
        add(&judge, medium, "low", SP_SEVERITY_LOW, 9 - i, 1);
    add(&judge, medium, "high", SP_SEVERITY_HIGH, 5, 1);
    struct sp_verdict verdict = finish(&judge, "0123456789");
    cr_assert_eq(verdict.n_findings, 3);
    cr_assert_eq(verdict.findings[0].offset, 0);
    cr_assert_eq(verdict.findings[1].offset, 1);
    cr_assert(verdict.findings[2].blocking);
}

Test(judge, exactly_as_many_as_told_is_not_truncated)
{
    const struct sp_policy *policies[] = {medium};
    struct sp_judge judge = start(policies, 1, 2);
    add(&judge, medium, "a", SP_SEVERITY_LOW, 0, 1);
    add(&judge, medium, "a", SP_SEVERITY_LOW, 1, 1);
    cr_assert_not(finish(&judge, "xx").truncated);
}

Test(judge, cuts_text_at_a_code_point)
{
    const struct sp_policy *policies[] = {medium};
    struct sp_judge judge = start(policies, 1, 10);
    char source[512] = "a";
    for (int i = 0; i < 150; i++)
        strcat(source, "\u00e9");
    add(&judge, medium, "a", SP_SEVERITY_LOW, 0, 301);
    add(&judge, medium, "b", SP_SEVERITY_LOW, 1, 200);
    struct sp_verdict verdict = finish(&judge, source);
    cr_assert_eq(verdict.findings[0].text.n_bytes, 199);
    cr_assert(verdict.findings[0].truncated_text);
    cr_assert_eq(verdict.findings[0].length, 301);
    cr_assert_eq(verdict.findings[1].text.n_bytes, 200);
    cr_assert_not(verdict.findings[1].truncated_text);
}

Test(judge, repeats_a_rules_advice)
{
    const struct sp_policy *policies[] = {medium};
    struct sp_judge judge = start(policies, 1, 10);
    const struct sp_policy_rule *rule = &medium->model->modules[0].rule;
    struct sp_judge_record record = {.policy = medium,
        .rule = rule,
        .kind = SP_FINDING_MODULE,
        .severity = rule->severity,
        .offset = 0,
        .length = 2};
    cr_assert_eq(sp_judge_add(&judge, record), 0);
    struct sp_verdict verdict = finish(&judge, "os");
    cr_assert_str_eq(verdict.findings[0].rule, "r-os");
    cr_assert_str_eq(verdict.findings[0].description, "module os");
    cr_assert_str_eq(verdict.findings[0].cwe, "CWE-1");
    cr_assert_str_eq(verdict.findings[0].fix, "don't");
    cr_assert_str_eq(verdict.findings[0].url, "u");
}

Test(judge, places_findings_inside_evaluated_code)
{
    const struct sp_policy *policies[] = {medium};
    struct sp_judge judge = start(policies, 1, 10);
    struct sp_judge_record record = {.policy = medium,
        .name = "a",
        .description = "d",
        .severity = SP_SEVERITY_LOW,
        .offset = 5,
        .length = 7,
        .inner = SP_STR("x\n\u00e9 os"),
        .inner_offset = 5,
        .inner_length = 2};
    cr_assert_eq(sp_judge_add(&judge, record), 0);
    struct sp_verdict verdict = finish(&judge, "exec('.....')");
    const struct sp_finding *finding = &verdict.findings[0];
    cr_assert(finding->has_inner);
    cr_assert_eq(finding->offset, 5);
    cr_assert_eq(finding->column, 6);
    cr_assert_eq(finding->inner_line, 2);
    cr_assert_eq(finding->inner_column, 3);
    cr_assert(sp_str_is(finding->text, "os"));
}

Test(judge, no_bound_at_all_is_one)
{
    const struct sp_policy *policies[] = {medium};
    struct sp_judge judge = start(policies, 1, SIZE_MAX);
    for (uint32_t i = 0; i < 500; i++)
        add(&judge, medium, "dynamic", SP_SEVERITY_HIGH, i, 1);
    cr_assert_geq(judge.n_room, 500, "room for %zu", (size_t)judge.n_room);
    cr_expect_eq(finish(&judge, "").n_findings, 500);
}
