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

static const char whole[] = "name: python-production\n"
                            "language: python\n"
                            "severity_threshold: medium\n"
                            "patterns:\n"
                            "  - pattern: '\\bos\\.system\\s*\\('\n"
                            "    description: System command execution\n"
                            "    severity: high\n"
                            "    scope: code\n"
                            "    languages: [python]\n"
                            "    flags: [ignore_case, dotall]\n"
                            "    id: os-system\n"
                            "    cwe: CWE-78\n"
                            "    url: https://example.org/os-system\n"
                            "    fix: use a library\n"
                            "restricted_modules:\n"
                            "  - name: os\n"
                            "    description: Operating system interface\n"
                            "    severity: high\n"
                            "allowed_modules: [math, json]\n"
                            "unlisted_modules: medium\n"
                            "dynamic_code: low\n"
                            "unicode: medium\n";

Test(policy_pack, id_is_of_what_it_means_not_of_how_it_is_written)
{
    struct sp_policy_model *a =
        model_of("name: a\nseverity_threshold: medium\nrestricted_modules: [{name: os, severity: "
                 "high}]\ndynamic_code: low");
    struct sp_policy_model *b = model_of("restricted_modules: [{severity: 3, name: os}]");
    struct sp_policy_model *c = model_of("restricted_modules: [{severity: 2, name: os}]");
    cr_assert(strncmp(a->id, "sha256:", 7) == 0 && strlen(a->id) == 71);
    cr_assert(strspn(a->id + 7, "0123456789abcdef") == 64);
    cr_assert(strcmp(a->id, b->id) == 0);
    cr_assert(strcmp(a->id, c->id) != 0);
    sp_policy_model_free(a);
    sp_policy_model_free(b);
    sp_policy_model_free(c);
}

Test(policy_pack, every_key_but_the_name_is_in_the_id)
{
    static const char *const others[] = {"language: [python, text]\n", "severity_threshold: low\n",
        "unlisted_modules: low\n", "dynamic_code: high\n", "unicode: low\n"};
    struct sp_policy_model *model = model_of(whole);
    for (size_t i = 0; i < SP_COUNT(others); i++) {
        size_t n_key = strcspn(others[i], ":");
        char yaml[2048] = "";
        for (const char *line = whole; *line; line += strcspn(line, "\n") + 1)
            if (strncmp(line, others[i], n_key) != 0)
                strncat(yaml, line, strcspn(line, "\n") + 1);
        struct sp_policy_model *other = model_of(strcat(yaml, others[i]));
        cr_assert(strcmp(model->id, other->id) != 0, "%s", others[i]);
        sp_policy_model_free(other);
    }
    sp_policy_model_free(model);
}

Test(policy_pack, packs_to_what_decodes_to_the_same_id)
{
    static const char *const yamls[] = {whole, "name: x", "allowed_modules: []",
        "patterns: [{pattern: '[é]', scope: strings}]\nlanguage: [python, text]",
        "restricted_modules: [{name: os, languages: python, id: A.b:c/d-1}]"};
    for (size_t i = 0; i < SP_COUNT(yamls); i++) {
        struct sp_policy_model *model = model_of(yamls[i]), *again = NULL;
        sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
        sp_buffer_init(&buffer, 1 << 20);
        cr_assert(sp_policy_model_pack(model, &buffer) == 0);
        msgpack_unpacked unpacked;
        msgpack_object object = fixture_unpack(&buffer, &unpacked);
        struct sp_error error = {0};
        cr_assert(sp_policy_model_new(&object, &again, &error) == 0, "%s: %s", error.path, error.text);
        msgpack_unpacked_destroy(&unpacked);
        cr_assert(strcmp(model->id, again->id) == 0);
        cr_assert((model->name == NULL) == (again->name == NULL));
        sp_policy_model_free(model);
        sp_policy_model_free(again);
    }
}
