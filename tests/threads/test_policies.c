/* Policies under many threads: each scans with a scanner of its own, with policies that another thread replaces all the
 * while, as a daemon's workers do. What a scan says must not depend on who else scans. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/yaml.h"
#include "scanner/scanner.h"

#define N_THREADS  8
#define N_SCANS    400
#define N_POLICIES 3

static const char *const yamls[N_POLICIES] = {
    "patterns: [{pattern: '\\beval\\s*\\(', severity: high, id: e}]\nrestricted_modules: [{name: os, severity: high}]",
    "severity_threshold: low\npatterns: [{pattern: '(?i)EVAL', severity: low}, {pattern: '\u00e9', severity: low}]",
    "allowed_modules: [math]\nunicode: high\nseverity_threshold: safe",
};

static const char *const codes[] = {
    "import os\nos.system('x')\neval('1')\n",
    "x = 'eval('  # eval(\nimport math\n",
    "# \u00e9\nimport json as j\nj.loads(Eval('\u00e9'))\n",
    "",
};
#define N_CODES (sizeof(codes) / sizeof(codes[0]))

/* What the policies say of the codes, found before the threads start. */
static struct {
    bool safe;
    size_t n_findings;
} expected[N_POLICIES][N_CODES];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sp_policy *store[N_POLICIES];
static atomic_int failures;
static atomic_bool stop;

static struct sp_policy *compile(const char *yaml)
{
    struct sp_buffer buffer;
    struct sp_error error = {0};
    struct sp_policy_model *model = NULL;
    struct sp_policy *policy = NULL;
    msgpack_unpacked unpacked;
    sp_buffer_init(&buffer, 1 << 20);
    msgpack_unpacked_init(&unpacked);
    int r = sp_yaml_pack(sp_str_of(yaml), sp_yaml_policy_strings, SP_EINVALID_POLICY, &buffer, &error);
    if (r == 0 &&
        msgpack_unpack_next(&unpacked, (const char *)buffer.bytes, buffer.n_bytes, NULL) != MSGPACK_UNPACK_SUCCESS)
        r = SP_EINTERNAL;
    if (r == 0)
        r = sp_policy_model_new(&unpacked.data, &model, &error);
    if (r == 0)
        r = sp_policy_compile(model, &policy, &error);
    msgpack_unpacked_destroy(&unpacked);
    sp_buffer_fini(&buffer);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", yaml, error.text);
        exit(1);
    }
    return policy;
}

static int scan(struct sp_scanner *scanner, const struct sp_policy *policy, size_t code, struct sp_arena *arena,
    struct sp_verdict *ret_verdict)
{
    struct sp_scan_options options = {.language = SP_STR("python"), .policies = &policy, .n_policies = 1};
    struct sp_error error = {0};
    int r = sp_scan(scanner, &options, sp_str_of(codes[code]), arena, ret_verdict, &error);
    if (r < 0)
        fprintf(stderr, "scan: %s\n", error.text);
    return r;
}

static struct sp_policy *take(size_t index)
{
    pthread_mutex_lock(&lock);
    struct sp_policy *policy = sp_policy_ref(store[index]);
    pthread_mutex_unlock(&lock);
    return policy;
}

static void *scan_many(void *context)
{
    unsigned seed = (unsigned)(uintptr_t)context;
    struct sp_scanner *scanner = NULL;
    struct sp_arena arena;
    sp_arena_init(&arena, 16 << 20);
    if (sp_scanner_new(&scanner, NULL) < 0)
        atomic_fetch_add(&failures, 1);
    for (int i = 0; i < N_SCANS && scanner; i++) {
        size_t index = (size_t)rand_r(&seed) % N_POLICIES, code = (size_t)rand_r(&seed) % N_CODES;
        struct sp_policy *policy = take(index);
        struct sp_verdict verdict;
        if (scan(scanner, policy, code, &arena, &verdict) < 0 || verdict.safe != expected[index][code].safe ||
            verdict.n_findings != expected[index][code].n_findings ||
            (verdict.n_findings && verdict.findings[0].policy != policy && verdict.findings[0].policy))
            atomic_fetch_add(&failures, 1);
        sp_policy_unref(policy);
        sp_arena_reset(&arena);
    }
    sp_scanner_free(scanner);
    sp_arena_fini(&arena);
    return NULL;
}

static void *replace_many(void *context)
{
    (void)context;
    for (size_t i = 0; !atomic_load(&stop); i++) {
        struct sp_policy *policy = compile(yamls[i % N_POLICIES]);
        pthread_mutex_lock(&lock);
        struct sp_policy *old = store[i % N_POLICIES];
        store[i % N_POLICIES] = policy;
        pthread_mutex_unlock(&lock);
        sp_policy_unref(old);
    }
    return NULL;
}

static void expect_all(void)
{
    struct sp_scanner *scanner = NULL;
    struct sp_arena arena;
    sp_arena_init(&arena, 16 << 20);
    if (sp_scanner_new(&scanner, NULL) < 0)
        exit(1);
    for (size_t i = 0; i < N_POLICIES; i++) {
        store[i] = compile(yamls[i]);
        for (size_t j = 0; j < N_CODES; j++) {
            struct sp_verdict verdict;
            if (scan(scanner, store[i], j, &arena, &verdict) < 0)
                exit(1);
            expected[i][j].safe = verdict.safe;
            expected[i][j].n_findings = verdict.n_findings;
        }
    }
    sp_scanner_free(scanner);
    sp_arena_fini(&arena);
}

int main(void)
{
    pthread_t threads[N_THREADS], replacing;
    expect_all();
    /* A test in which nothing is found would prove nothing. */
    if (expected[0][0].safe || !expected[0][1].safe || expected[1][0].n_findings == 0) {
        fprintf(stderr, "the policies find other than they should\n");
        return 1;
    }
    pthread_create(&replacing, NULL, replace_many, NULL);
    for (uintptr_t i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, scan_many, (void *)(i + 1));
    for (size_t i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&stop, true);
    pthread_join(replacing, NULL);
    for (size_t i = 0; i < N_POLICIES; i++)
        sp_policy_unref(store[i]);
    if (failures)
        fprintf(stderr, "%d scans said something else than alone\n", atomic_load(&failures));
    return failures ? 1 : 0;
}
