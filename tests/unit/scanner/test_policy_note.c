#include "scanner/policy.h"

#include "tests/unit/scanner/scan_fixture.h"

static struct sp_policy_model *model_of(const char *yaml)
{
    struct sp_policy_model *model = NULL;
    struct sp_error error = {0};
    char text[512];
    int r = fixture_model(yaml, &model, &error);
    cr_assert(r == 0, "%s", sp_error_format(&error, text, sizeof(text)));
    return model;
}

static bool warns(const struct sp_policy_model *model, const char *path, const char *part)
{
    const struct sp_policy_warning *warnings;
    size_t n = sp_policy_model_warnings(model, &warnings);
    for (size_t i = 0; i < n; i++)
        if (strcmp(warnings[i].path, path) == 0 && strstr(warnings[i].text, part))
            return true;
    return false;
}

static size_t n_warnings(const struct sp_policy_model *model)
{
    const struct sp_policy_warning *warnings;
    return sp_policy_model_warnings(model, &warnings);
}

Test(policy_note, warns_of_what_is_perhaps_not_meant)
{
    struct sp_policy_model *model = model_of("language: python\n"
                                             "patterns:\n"
                                             "  - {pattern: a, languages: [go]}\n"
                                             "  - {pattern: b, severity: low}\n"
                                             "  - {pattern: b, severity: high}\n"
                                             "restricted_modules:\n"
                                             "  - {name: os, severity: low}\n"
                                             "  - {name: re, severity: low}\n"
                                             "  - {name: re, severity: low}\n"
                                             "allowed_modules: [os, math]\n");
    cr_assert(warns(model, "severity_threshold", "is missing; medium is used"));
    cr_assert(warns(model, "patterns[0].languages", "never used"));
    cr_assert(warns(model, "patterns[0].severity", "is missing; high is used"));
    cr_assert(warns(model, "patterns[2].pattern", "the same as patterns[1]"));
    cr_assert(warns(model, "allowed_modules[0]", "os is restricted as well"));
    cr_assert(warns(model, "restricted_modules[2].name", "listed twice"));
    cr_assert(warns(model, "patterns[0].description", "is missing"));
    cr_assert(warns(model, "restricted_modules[0].description", "is missing"));
    cr_assert(n_warnings(model) == 12);
    sp_policy_model_free(model);
    model = model_of("severity_threshold: high\nunlisted_modules: low");
    cr_assert(warns(model, "unlisted_modules", "no effect"));
    cr_assert(warns(model, "", "no rules"));
    sp_policy_model_free(model);
}

Test(policy_note, warnings_are_bounded_and_the_last_says_how_many_more)
{
    char *yaml = malloc(1 << 16), *at = stpcpy(yaml, "severity_threshold: low\npatterns:\n");
    for (int i = 0; i < 100; i++)
        at += sprintf(at, "- {pattern: p%d, description: d}\n", i);
    struct sp_policy_model *model = model_of(yaml);
    cr_assert(n_warnings(model) == SP_POLICY_WARNINGS_MAX);
    cr_assert(warns(model, "", "37 more"));
    sp_policy_model_free(model);
    free(yaml);
}

Test(policy_note, warns_of_names_that_perhaps_no_module_has)
{
    struct sp_policy_model *model = model_of("severity_threshold: low\n"
                                             "restricted_modules:\n"
                                             "  - {name: os., severity: low, description: d}\n"
                                             "  - {name: 'node:fs', severity: low, description: d}\n"
                                             "allowed_modules: [math, '/os']\n");
    cr_assert(warns(model, "restricted_modules[0].name", "os. may never match"));
    cr_assert(warns(model, "allowed_modules[1]", "/os may never match"));
    cr_assert(n_warnings(model) == 2);
    sp_policy_model_free(model);
}
