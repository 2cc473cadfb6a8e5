/* `sallyport policy`: checks, shows, lists, names and removes policies, all by the service's word. One thread. */
#include <string.h>

#include "client/cmd/cmd.h"
#include "client/cmd/cmd_input.h"
#include "client/cmd/out_escape.h"
#include "client/cmd/out_json.h"
#include "client/cmd/out_text.h"

#define PRESET_PREFIX  "preset:"
#define PRESET_COLUMNS 20

struct options {
    struct sp_common common;
    const char *name;
    bool json;
};

static const struct sp_option rows[] = {
    {0, "name", SP_OPTION_TEXT, offsetof(struct options, name), "NAME", "put: the name that points at it"},
    {0, "json", SP_OPTION_FLAG, offsetof(struct options, json), NULL, "as JSON"},
};

struct asking {
    const struct sp_invocation *invocation;
    const struct options *options;
    sallyport *service;
    const char *operand;
};

static void print_json(const sallyport_value *answer, int indent)
{
    sp_out_json_value(stdout, answer, indent);
    putchar('\n');
}

static void print_warnings(const struct asking *asking, const sallyport_value *answer)
{
    const sallyport_value *warnings = sallyport_get(answer, "warnings");
    for (size_t i = 0; i < sallyport_get_count(warnings, NULL); i++) {
        const sallyport_value *warning = sallyport_at(warnings, i);
        sp_escape_print(stdout, sp_str_of(asking->operand));
        fputs(": warning: ", stdout);
        if (sallyport_type_of(warning) == SALLYPORT_MAP) {
            const char *path = sallyport_get_text(warning, "path", NULL);
            sp_out_text_print(stdout, warning, "path");
            fputs(path && *path ? ": " : "", stdout);
            sp_out_text_print(stdout, warning, "text");
        } else {
            sp_out_text_print(stdout, warning, NULL);
        }
        putchar('\n');
    }
}

static void print_grades(const sallyport_value *answer)
{
    const sallyport_value *grades = sallyport_get(answer, "grades");
    for (size_t i = 0; i < sallyport_get_count(grades, NULL); i++) {
        const sallyport_value *grade = sallyport_at(grades, i);
        sp_out_text_print(stdout, grade, "rule");
        fputs(": ascii ", stdout);
        sp_out_text_print(stdout, grade, "ascii");
        fputs(", utf8 ", stdout);
        sp_out_text_print(stdout, grade, "utf8");
        fputs(": ", stdout);
        sp_out_text_print(stdout, grade, "pattern");
        putchar('\n');
    }
}

/* Only an answer that names the policy is one. */
static int check_id(const struct asking *asking, const sallyport_value *answer)
{
    if (sallyport_get_text(answer, "id", NULL))
        return 0;
    return sp_cmd_fail(asking->invocation, SP_EXIT_TROUBLE, "the service did not tell the policy's id");
}

static int answer_to(const struct asking *asking, int r, const struct sallyport_error *error)
{
    int status = r == SALLYPORT_EUNKNOWN_POLICY ? SP_EXIT_BLOCKED : SP_EXIT_TROUBLE;
    return r == 0 ? 0 : sp_cmd_fail_error(asking->invocation, status, NULL, error);
}

/* What the service has under the operand. Returns an exit status. */
static int get_named(const struct asking *asking, sallyport_value **ret_answer)
{
    struct sallyport_error error;
    int status = answer_to(asking, sallyport_policy_get(asking->service, asking->operand, ret_answer, &error), &error);
    return status ? status : check_id(asking, *ret_answer);
}

/* Sends the operand's file: to be kept, or to be checked only. Returns an exit status. */
static int send_file(const struct asking *asking, bool keeps, sallyport_value **ret_answer)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer yaml = {0};
    struct sp_error own = {0};
    struct sallyport_error error;
    if (sp_input_read(asking->operand, &yaml, NULL, &own) < 0)
        return sp_cmd_fail(asking->invocation, SP_EXIT_TROUBLE, "%s: %s", asking->operand, own.text);
    const void *text = yaml.bytes ? (const void *)yaml.bytes : "";
    int r = keeps ? sallyport_policy_put(asking->service, text, yaml.n_bytes, asking->options->name, ret_answer, &error)
                  : sallyport_policy_check(asking->service, text, yaml.n_bytes, ret_answer, &error);
    if (r == 0)
        return check_id(asking, *ret_answer);
    bool is_wrong = r == SALLYPORT_EINVALID_POLICY || r == SALLYPORT_EINVALID_PATTERN;
    return sp_cmd_fail_error(asking->invocation, is_wrong ? SP_EXIT_BLOCKED : SP_EXIT_TROUBLE, asking->operand, &error);
}

static int tell_sent(const struct asking *asking, bool keeps)
{
    sp_cleanup(sallyport_free_scope) sallyport_value *answer = NULL;
    bool is_preset = !keeps && strncmp(asking->operand, PRESET_PREFIX, sizeof(PRESET_PREFIX) - 1) == 0;
    int status = is_preset ? get_named(asking, &answer) : send_file(asking, keeps, &answer);
    if (status)
        return status;
    if (asking->options->json) {
        print_json(answer, 0);
        return 0;
    }
    print_warnings(asking, answer);
    if (!keeps) {
        print_grades(answer);
        sp_escape_print(stdout, sp_str_of(asking->operand));
        fputs(": ok: ", stdout);
    }
    sp_out_text_print(stdout, answer, "id");
    putchar('\n');
    return 0;
}

static int check(const struct asking *asking)
{
    return tell_sent(asking, false);
}

static int put_named(const struct asking *asking)
{
    return tell_sent(asking, true);
}

/* A preset as the text that it is, to be copied; anything else as the service understands it. */
static int show(const struct asking *asking)
{
    sp_cleanup(sallyport_free_scope) sallyport_value *answer = NULL;
    int status =
        sp_input_policy_is_file(asking->operand) ? send_file(asking, false, &answer) : get_named(asking, &answer);
    if (status)
        return status;
    struct sp_str yaml = sp_out_text_of(answer, "yaml");
    if (asking->options->json)
        print_json(answer, 0);
    else if (yaml.ptr)
        sp_escape_print_stream(stdout, yaml.ptr, yaml.n_bytes);
    else
        print_json(sallyport_get(answer, "policy"), 2);
    return 0;
}

static bool is_preset(const sallyport_value *policy)
{
    const char *origin = sallyport_get_text(policy, "origin", NULL);
    return origin && strcmp(origin, "preset") == 0;
}

static int presets(const struct asking *asking)
{
    sp_cleanup(sallyport_free_scope) sallyport_value *answer = NULL;
    struct sallyport_error error;
    int status = answer_to(asking, sallyport_policy_list(asking->service, &answer, &error), &error);
    if (status)
        return status;
    size_t n_presets = 0;
    for (size_t i = 0; i < sallyport_get_count(answer, NULL); i++) {
        const sallyport_value *policy = sallyport_at(answer, i);
        if (!is_preset(policy))
            continue;
        n_presets++;
        if (asking->options->json) {
            fputs(n_presets == 1 ? "[" : ",", stdout);
            sp_out_json_value(stdout, policy, 0);
            continue;
        }
        struct sp_str name = sp_out_text_of(policy, "name");
        sp_escape_print(stdout, name);
        printf("%*s", name.n_bytes < PRESET_COLUMNS ? PRESET_COLUMNS - (int)name.n_bytes : 1, "");
        sp_out_text_print(stdout, policy, "summary");
        putchar('\n');
    }
    if (n_presets == 0)
        return sp_cmd_fail(asking->invocation, SP_EXIT_TROUBLE, "the service has no presets");
    if (asking->options->json)
        fputs("]\n", stdout);
    return 0;
}

static int list(const struct asking *asking)
{
    sp_cleanup(sallyport_free_scope) sallyport_value *answer = NULL;
    struct sallyport_error error;
    int status = answer_to(asking, sallyport_policy_list(asking->service, &answer, &error), &error);
    if (status)
        return status;
    if (asking->options->json) {
        print_json(answer, 0);
        return 0;
    }
    const sallyport_value *policies =
        sallyport_type_of(answer) == SALLYPORT_MAP ? sallyport_get(answer, "policies") : answer;
    for (size_t i = 0; i < sallyport_get_count(policies, NULL); i++) {
        const sallyport_value *policy = sallyport_at(policies, i);
        sp_out_text_print(stdout, policy, "name");
        putchar('\t');
        sp_out_text_print(stdout, policy, "origin");
        putchar('\t');
        sp_out_text_print(stdout, policy, "id");
        putchar('\n');
    }
    return 0;
}

static int remove_policy(const struct asking *asking)
{
    sp_cleanup(sallyport_free_scope) sallyport_value *answer = NULL;
    struct sallyport_error error;
    int r = sallyport_policy_remove(asking->service, asking->operand, &answer, &error);
    int status = answer_to(asking, r, &error);
    if (status == 0 && asking->options->json)
        print_json(answer, 0);
    return status;
}

static const struct verb {
    const char *name;
    const char *operand; /* NULL: none */
    int (*run)(const struct asking *asking);
} verbs[] = {
    {"check", "FILE|preset:NAME", check},
    {"show", "POLICY", show},
    {"list", NULL, list},
    {"presets", NULL, presets},
    {"put", "FILE", put_named},
    {"remove", "POLICY", remove_policy},
};

static int run(const struct sp_invocation *invocation)
{
    const struct sp_operands *operands = invocation->operands;
    const struct options *options = invocation->options;
    const struct verb *verb = NULL;
    for (size_t i = 0; operands->n_items && i < SP_COUNT(verbs); i++)
        if (strcmp(operands->items[0], verbs[i].name) == 0)
            verb = &verbs[i];
    if (!verb)
        return sp_cmd_misused(invocation, "one of check, show, list, presets, put, remove is needed");
    if (operands->n_items != (verb->operand ? 2u : 1u) || operands->rest)
        return sp_cmd_misused(invocation,
            verb->operand ? "%s: one %s is needed" : "%s: nothing is expected behind it%s", verb->name,
            verb->operand ? verb->operand : "");
    if (options->name && verb->run != put_named)
        return sp_cmd_misused(invocation, "--name goes with put only");
    sp_cleanup(sallyport_close_scope) sallyport *service = NULL;
    struct sallyport_error error;
    if (sp_cmd_open(invocation, &service, &error) < 0)
        return sp_cmd_fail_error(invocation, SP_EXIT_SERVICE, NULL, &error);
    struct asking asking = {invocation, options, service, verb->operand ? operands->items[1] : NULL};
    return sp_cmd_finish(invocation, verb->run(&asking), SP_EXIT_TROUBLE);
}

const struct sp_command sp_cmd_policy = {
    .name = "policy",
    .synopsis = "check FILE | show POLICY | list | presets | put [--name NAME] FILE | remove POLICY",
    .summary = "Check, show, list, name and remove policies",
    .options = {rows, SP_COUNT(rows)},
    .size_bytes = sizeof(struct options),
    .trouble = SP_EXIT_TROUBLE,
    .run = run,
};
