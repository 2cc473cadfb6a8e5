/* Packing a verdict under a bound. Any thread; no state. Nearly all fit at the first try; one that does not is packed anew
 * with as many findings as its size tells, a few times at most. */
#include "daemon/verdict_fit.h"

static size_t count_blocking(const struct sp_verdict *verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < verdict->n_findings; i++)
        n += verdict->findings[i].blocking;
    return n;
}

/* Copies the n findings that stay, in their order. */
static void choose(const struct sp_verdict *verdict, size_t n_blocking, size_t n, struct sp_finding *findings)
{
    size_t left[2] = {n > n_blocking ? n - n_blocking : 0, n < n_blocking ? n : n_blocking};
    for (size_t i = 0, at = 0; i < verdict->n_findings && at < n; i++) {
        if (left[verdict->findings[i].blocking] == 0)
            continue;
        left[verdict->findings[i].blocking]--;
        findings[at++] = verdict->findings[i];
    }
}

int sp_verdict_fit_pack(const struct sp_verdict *verdict, unsigned extra_pairs, size_t bytes_max,
    struct sp_arena *arena, struct sp_buffer *buffer)
{
    if (buffer->failed)
        return buffer->failed;
    struct sp_verdict told = *verdict;
    struct sp_finding *findings = NULL;
    size_t start = buffer->n_bytes, n_blocking = 0;
    for (;;) {
        int r = sp_verdict_pack(&told, extra_pairs, buffer);
        size_t n = told.n_findings, n_bytes = buffer->n_bytes - start;
        if ((r == 0 && n_bytes <= bytes_max) || (r < 0 && r != SP_ETOO_LARGE) || n == 0)
            return r;
        if (!findings) {
            n_blocking = count_blocking(verdict);
            findings = sp_arena_array(arena, n, sizeof(*findings));
            if (!findings)
                return SP_ENO_MEMORY;
        }
        size_t fitting = r == 0 ? (size_t)((double)n * (double)bytes_max / (double)n_bytes) : n / 2;
        told.n_findings = fitting < n ? fitting : n - 1;
        told.findings = findings;
        told.truncated = true;
        choose(verdict, n_blocking, told.n_findings, findings);
        buffer->n_bytes = start;
        buffer->failed = 0;
    }
}
