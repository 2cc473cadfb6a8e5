/* Judges a Python program and runs it in a sandbox: cc run_program.c $(pkg-config --cflags --libs sallyport)
 *
 *     ./run_program 'print(6 * 7)'
 *
 * The program's output appears as it comes; the exit status is its own, 126 where the policy refuses it, 125 where it did not
 * exit by itself or something is wrong with the service. */
#include <sallyport.h>
#include <stdio.h>
#include <string.h>

static const char policy[] = "name: example\n"
                             "language: python\n"
                             "severity_threshold: medium\n"
                             "restricted_modules:\n"
                             "  - {name: os, description: Operating system interface, severity: high}\n";

static void on_output(void *context, enum sallyport_stream stream, const char *bytes, size_t n_bytes)
{
    (void)context;
    fwrite(bytes, 1, n_bytes, stream == SALLYPORT_STDERR ? stderr : stdout);
}

static void print_findings(const sallyport_value *verdict)
{
    const sallyport_value *findings = sallyport_get(verdict, "violations");
    for (size_t i = 0; i < sallyport_get_count(findings, NULL); i++) {
        const sallyport_value *finding = sallyport_at(findings, i);
        fprintf(stderr, "line %d: %s\n", (int)sallyport_get_int(finding, "line", 0),
            sallyport_get_text(finding, "description", NULL));
    }
}

int main(int argc, char **argv)
{
    const char *code = argc > 1 ? argv[1] : "print('Hello')";
    sallyport *service = NULL;
    sallyport_value *answer = NULL;
    struct sallyport_error error;
    struct sallyport_run_options options = {
        .size = sizeof options,
        .code = code,
        .code_bytes = strlen(code),
        .language = "python",
        .policy_yaml = policy,
        .policy_yaml_bytes = sizeof policy - 1,
        .wall_ms = 10000,
        .output = on_output,
    };
    int status = 125;
    if (sallyport_open(NULL, &service, &error) < 0 || sallyport_run(service, &options, &answer, &error) < 0) {
        fprintf(stderr, "%s: %s\n", error.name, error.message);
    } else if (!sallyport_get_bool(answer, "ran")) {
        print_findings(sallyport_get(answer, "verdict"));
        status = 126;
    } else {
        fprintf(stderr, "%s after %d ms\n", sallyport_get_text(answer, "outcome", NULL),
            (int)sallyport_get_int(answer, "usage.wall_ms", 0));
        status = (int)sallyport_get_int(answer, "exit_code", 125);
    }
    sallyport_free(answer);
    sallyport_close(service);
    return status;
}
