/* The pattern engine on a line: reads "FLAGS PATTERN TEXT…" (FLAGS decimal, the rest hexadecimal, "-" for empty), a
 * case a line, and answers a line each:
 *     refused CODE MESSAGE
 *     GRADE GRADE SPANS…        the grades in ASCII and UTF-8; for each text "start-end,…", "-" without a match;
 *                               "!start" where the work budget ran out
 * Offsets are bytes. Driven by patterns.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/scope.h"
#include "scanner/match.h"

static unsigned nibble(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static struct sp_str unhex(char *word)
{
    if (strcmp(word, "-") == 0)
        return (struct sp_str){word, 0};
    size_t n = strlen(word) / 2;
    for (size_t i = 0; i < n; i++)
        word[i] = (char)(nibble(word[2 * i]) << 4 | nibble(word[2 * i + 1]));
    return (struct sp_str){word, n};
}

static void search(const struct sp_matcher *matcher, struct sp_match_scratch *scratch, struct sp_str text)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 64u << 20);
    struct sp_match *matches;
    size_t n_matches;
    struct sp_error error = {0};
    /* On the heap, exactly, so that a read past the end is seen. */
    sp_cleanup(sp_free_ptr) char *copy = malloc(text.n_bytes ? text.n_bytes : 1);
    memcpy(copy, text.ptr, text.n_bytes);
    text.ptr = copy;
    if (sp_match_search(matcher, scratch, text, NULL, text.n_bytes, NULL, NULL, &arena, &matches, &n_matches, &error) <
        0) {
        printf(" error:%s", sp_error_name(error.code));
    } else {
        printf(" %s", n_matches ? "" : "-");
        for (size_t i = 0; i < n_matches; i++)
            if (matches[i].limit)
                printf("%s!%u", i ? "," : "", matches[i].start);
            else
                printf("%s%u-%u", i ? "," : "", matches[i].start, matches[i].end);
    }
    sp_arena_fini(&arena);
}

int main(void)
{
    sp_cleanup(sp_free_ptr) char *line = NULL;
    size_t room = 0;
    ssize_t n;
    struct sp_match_scratch *scratch;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (sp_match_scratch_new(&scratch, NULL) < 0)
        return 1;
    while ((n = getline(&line, &room, stdin)) > 0) {
        char *save = NULL, *word = strtok_r(line, " \n", &save);
        struct sp_match_pattern pattern = {.flags = (unsigned)atoi(word ? word : "0")};
        word = strtok_r(NULL, " \n", &save);
        if (!word)
            break;
        pattern.pattern = unhex(word);
        struct sp_matcher *matcher = NULL;
        struct sp_error error = {0};
        if (sp_matcher_new(&pattern, 1, &matcher, &error) < 0) {
            printf("refused %s %s\n", sp_error_name(error.code), error.text);
            continue;
        }
        printf("%s %s", sp_grade_name(sp_matcher_grade(matcher, 0, false)),
            sp_grade_name(sp_matcher_grade(matcher, 0, true)));
        while ((word = strtok_r(NULL, " \n", &save)))
            search(matcher, scratch, unhex(word));
        printf("\n");
        sp_matcher_free(matcher);
    }
    sp_match_scratch_free(scratch);
    return 0;
}
