/* replay SEEDS [SECONDS]: a fuzzer's entry point over its seeds and over mutations of them, where libFuzzer is not at hand.
 * The random numbers are the same in every run, so that what fails once fails again. */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define SEEDS_MAX  256
#define INPUT_MAX  (64u << 10)
#define ROUNDS_MAX 2000000

struct seed {
    uint8_t *bytes;
    size_t n_bytes;
};

static uint64_t random_state = 88172645463325252u;

/* xorshift64, Marsaglia 2003 */
static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t below(size_t bound)
{
    return bound ? next_random() % bound : 0;
}

static size_t read_seeds(const char *folder, struct seed *seeds)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && n < SEEDS_MAX && (entry = readdir(dir));) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "rb");
        if (!file)
            continue;
        seeds[n].bytes = malloc(INPUT_MAX);
        seeds[n].n_bytes = seeds[n].bytes ? fread(seeds[n].bytes, 1, INPUT_MAX, file) : 0;
        fclose(file);
        n++;
    }
    if (dir)
        closedir(dir);
    return n;
}

/* A few small changes: a byte, a stretch removed or doubled, another seed's stretch put in. */
static size_t mutate(const struct seed *seeds, size_t n_seeds, uint8_t *out)
{
    const struct seed *seed = &seeds[below(n_seeds)];
    size_t n = seed->n_bytes;
    memcpy(out, seed->bytes, n);
    for (size_t changes = 1 + below(6); changes > 0; changes--) {
        size_t at = below(n + 1), length = below(32);
        switch (below(4)) {
        case 0:
            if (at < n)
                out[at] = (uint8_t)next_random();
            break;
        case 1:
            length = length < n - at ? length : n - at;
            memmove(out + at, out + at + length, n - at - length);
            n -= length;
            break;
        case 2:
            length = length < n - at ? length : n - at;
            if (n + length <= INPUT_MAX) {
                memmove(out + at + length, out + at, n - at);
                n += length;
            }
            break;
        default: {
            const struct seed *other = &seeds[below(n_seeds)];
            size_t from = below(other->n_bytes);
            length = length < other->n_bytes - from ? length : other->n_bytes - from;
            if (n + length <= INPUT_MAX) {
                memmove(out + at + length, out + at, n - at);
                memcpy(out + at, other->bytes + from, length);
                n += length;
            }
        }
        }
    }
    return n;
}

static const uint8_t *running;
static size_t running_bytes;

/* What failed is told in hexadecimal, to be kept as a seed. */
static void tell_input(int number)
{
    static const char digits[] = "0123456789abcdef";
    char text[256];
    for (size_t i = 0; i < running_bytes;) {
        size_t n = 0;
        for (; i < running_bytes && n + 2 < sizeof(text); i++) {
            text[n++] = digits[running[i] >> 4];
            text[n++] = digits[running[i] & 15];
        }
        text[n++] = '\n';
        if (write(STDERR_FILENO, text, n) < 0)
            break;
    }
    signal(number, SIG_DFL);
    raise(number);
}

/* In a buffer of the exact size, so that a read behind its end is seen. */
static bool run(const uint8_t *bytes, size_t n_bytes)
{
    uint8_t *exact = malloc(n_bytes ? n_bytes : 1);
    if (!exact)
        return false;
    memcpy(exact, bytes, n_bytes);
    running = exact;
    running_bytes = n_bytes;
    LLVMFuzzerTestOneInput(exact, n_bytes);
    free(exact);
    return true;
}

int main(int argc, char **argv)
{
    static struct seed seeds[SEEDS_MAX];
    if (argc < 2)
        return 2;
    size_t n_seeds = read_seeds(argv[1], seeds);
    time_t until = time(NULL) + (argc > 2 ? atoi(argv[2]) : 5);
    uint8_t *input = malloc(INPUT_MAX);
    size_t rounds = 0;
    signal(SIGABRT, tell_input);
    if (n_seeds == 0 || !input) {
        fprintf(stderr, "no seeds in %s\n", argv[1]);
        return 1;
    }
    for (size_t i = 0; i < n_seeds; i++)
        if (!run(seeds[i].bytes, seeds[i].n_bytes))
            return 1;
    for (; rounds < ROUNDS_MAX && time(NULL) < until; rounds++)
        if (!run(input, mutate(seeds, n_seeds, input)))
            return 1;
    printf("%zu seeds, %zu mutations\n", n_seeds, rounds);
    for (size_t i = 0; i < n_seeds; i++)
        free(seeds[i].bytes);
    free(input);
    return 0;
}
